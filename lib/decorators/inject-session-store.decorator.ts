import { Inject } from '@nestjs/common';
import { getSessionStoreToken } from '../postgres-session.tokens.js';

/**
 * Injects the store of that name, or the unnamed one.
 *
 * @publicApi
 */
export function InjectSessionStore(name?: string): ReturnType<typeof Inject> {
  return Inject(getSessionStoreToken(name));
}
