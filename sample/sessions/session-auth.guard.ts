import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request } from 'express';
import { clearSessionId, readSessionId, writeSessionId } from './session-cookie.js';
import type { Session } from './session.js';
import { SessionsService } from './sessions.service.js';

export interface SignedInRequest extends Request {
  signedIn?: Session;
}

export class SignInRequired extends UnauthorizedException {
  constructor(readonly hadSession: boolean) {
    super();
  }
}

/** Lets signed-in people through, and leaves their session on the request. */
@Injectable()
export class SessionAuthGuard implements CanActivate {
  constructor(private readonly sessions: SessionsService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<SignedInRequest>();
    const id = readSessionId(request);
    const resumed = id && (await this.sessions.resume(id));
    if (!resumed) {
      if (id) clearSessionId(request);
      throw new SignInRequired(id !== undefined);
    }
    if (resumed.rolledTo) writeSessionId(request, id, resumed.rolledTo);
    request.signedIn = resumed.session;
    return true;
  }
}
