import { Body, Controller, Get, Post, Query, Redirect, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CsrfService } from '../csrf/csrf.service.js';
import { FormRefused, type Form } from '../http/form.js';
import { readSessionId, writeSessionId } from '../sessions/session-cookie.js';
import type { User } from '../sessions/session.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { credentialsPage, type CredentialsForm } from '../views/credentials.page.js';
import { AttemptsService } from './attempts.service.js';
import { credentialsOf, problemsOf, type Credentials } from './credentials.js';
import { deviceOf } from './device.js';
import { UsersService } from './users.service.js';

const HOME = '/sessions';

@Controller()
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly attempts: AttemptsService,
    private readonly csrf: CsrfService,
  ) {}

  @Get('sign-up')
  signUpForm(@Req() request: Request, @Res() response: Response): void {
    this.show(request, response, { action: '/sign-up' });
  }

  @Get('sign-in')
  signInForm(
    @Req() request: Request,
    @Res() response: Response,
    @Query('notice') notice?: unknown,
  ): void {
    this.show(request, response, { action: '/sign-in', notice });
  }

  @Post('sign-up')
  @Redirect(HOME, 303)
  async signUp(@Req() request: Request, @Body() form: Form): Promise<void> {
    const credentials = credentialsOf(form);
    const { name, password } = credentials;
    const problems = problemsOf(credentials);
    if (Object.keys(problems).length > 0) {
      throw this.refusal(request, 422, { action: '/sign-up', name, problems });
    }
    await this.checkAttempts(request, '/sign-up', credentials);
    const user = await this.users.create(name, password);
    if (!user) {
      const problems = { name: 'Somebody has this name already. Choose another one.' };
      throw this.refusal(request, 409, { action: '/sign-up', name, problems });
    }
    await this.signInAs(request, user);
  }

  @Post('sign-in')
  @Redirect(HOME, 303)
  async signIn(@Req() request: Request, @Body() form: Form): Promise<void> {
    const credentials = credentialsOf(form);
    await this.checkAttempts(request, '/sign-in', credentials);
    const user = await this.users.verify(credentials.name, credentials.password);
    if (!user) {
      throw this.refusal(request, 401, {
        action: '/sign-in',
        name: credentials.name,
        error: 'The name or the password is not right.',
      });
    }
    await this.signInAs(request, user);
  }

  /** Always a new id: one that somebody planted in the browser is worth nothing. */
  private async signInAs(request: Request, user: User): Promise<void> {
    const old = readSessionId(request);
    if (old) await this.sessions.endById(old);
    const { id, ttl } = await this.sessions.start(user, deviceOf(request.get('User-Agent')));
    writeSessionId(request, id, ttl);
    await this.attempts.forget(user.name);
  }

  private async checkAttempts(
    request: Request,
    action: CredentialsForm['action'],
    { name }: Credentials,
  ): Promise<void> {
    if (await this.attempts.allow(request.ip ?? '', name)) return;
    const error = 'Too many tries. Wait a quarter of an hour, then try again.';
    throw this.refusal(request, 429, { action, name, error }, this.attempts.retryAfter);
  }

  private refusal(
    request: Request,
    status: number,
    form: Omit<CredentialsForm, 'csrf'>,
    retryAfter?: number,
  ): FormRefused {
    return new FormRefused(status, this.page(request, form), retryAfter);
  }

  /** Who is signed in has no use for the form. A session that has ended comes back without its cookie. */
  private show(request: Request, response: Response, form: Omit<CredentialsForm, 'csrf'>): void {
    if (readSessionId(request)) response.redirect(303, HOME);
    else response.send(String(this.page(request, form)));
  }

  private page(request: Request, form: Omit<CredentialsForm, 'csrf'>) {
    return credentialsPage({ ...form, csrf: this.csrf.tokenFor(request) });
  }
}
