import {
  Controller,
  Get,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  UseGuards,
} from '@nestjs/common';
import type { Request } from 'express';
import { CsrfService } from '../csrf/csrf.service.js';
import { sessionsPage } from '../views/sessions.page.js';
import { CurrentSession, CurrentUser } from './current-user.decorator.js';
import { SessionAuthGuard } from './session-auth.guard.js';
import { clearSessionId } from './session-cookie.js';
import type { Session, User } from './session.js';
import { SessionsService } from './sessions.service.js';

@Controller('sessions')
@UseGuards(SessionAuthGuard)
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly csrf: CsrfService,
  ) {}

  @Get()
  async list(
    @Req() request: Request,
    @CurrentSession() current: Session,
    @Query('notice') notice?: unknown,
  ): Promise<string> {
    const sessions = await this.sessions.listOf(current.user);
    const csrf = this.csrf.tokenFor(request);
    return String(sessionsPage({ current, sessions, csrf, notice }));
  }

  @Post('end-others')
  @Redirect('/sessions?notice=others-ended', 303)
  async endOthers(@CurrentSession() current: Session): Promise<void> {
    await this.sessions.endOthers(current);
  }

  @Post(':key/end')
  @Redirect('/sessions?notice=one-ended', 303)
  async endOne(@Param('key') key: string, @CurrentUser() user: User): Promise<void> {
    if (!(await this.sessions.endOf(user, key))) throw new NotFoundException();
  }

  @Post('end')
  @Redirect('/?notice=signed-out', 303)
  async signOut(@CurrentSession() current: Session, @Req() request: Request): Promise<void> {
    await this.sessions.endOf(current.user, current.key);
    clearSessionId(request);
  }
}
