import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { SignedInRequest } from './session-auth.guard.js';
import type { Session, User } from './session.js';

/** The session of the request, on routes behind `SessionAuthGuard`. */
export const CurrentSession = createParamDecorator((_: unknown, context: ExecutionContext) =>
  sessionOf(context),
);

/** The signed-in user, on routes behind `SessionAuthGuard`. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): User => sessionOf(context).user,
);

function sessionOf(context: ExecutionContext): Session {
  const { signedIn } = context.switchToHttp().getRequest<SignedInRequest>();
  if (!signedIn) throw new Error('This route is not behind SessionAuthGuard');
  return signedIn;
}
