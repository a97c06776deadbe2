import {
  Catch,
  HttpException,
  HttpStatus,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { Response } from 'express';
import { PostgresSessionError } from 'nestjs-postgres-session';
import { SignInRequired } from '../sessions/session-auth.guard.js';
import { errorPage } from '../views/error.page.js';
import { FormRefused } from './form.js';

/** Everything that goes wrong becomes a page, or the way to one. */
@Catch()
export class PageExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageExceptionFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof SignInRequired) {
      const notice = error.hadSession ? 'session-ended' : 'sign-in-first';
      response.redirect(303, `/sign-in?notice=${notice}`);
    } else if (error instanceof FormRefused) {
      if (error.retryAfter) response.set('Retry-After', String(error.retryAfter));
      response.status(error.getStatus()).send(String(error.page));
    } else {
      const status = this.statusOf(error);
      response.status(status).send(String(errorPage(status)));
    }
  }

  private statusOf(error: unknown): number {
    if (error instanceof HttpException) return error.getStatus();
    this.logger.error(error instanceof Error ? error.stack : error);
    // The sessions are safe, only out of reach: nobody is signed out because of it.
    if (error instanceof PostgresSessionError) return HttpStatus.SERVICE_UNAVAILABLE;
    return HttpStatus.INTERNAL_SERVER_ERROR;
  }
}
