import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Request } from 'express';
import { PostgresSessionStore } from 'nestjs-postgres-session';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readCookie, writeCookie } from '../http/cookies.js';
import { readSessionId } from '../sessions/session-cookie.js';

const SECRET_KEY = 'sample:secret:csrf';
const VISITOR_COOKIE = 'sample_visitor';

/**
 * Tokens that prove a form came from a page of ours: signed with a secret of the server's, and bound
 * to the session, or to a random cookie of a visitor who is signed out.
 */
@Injectable()
export class CsrfService implements OnApplicationBootstrap {
  private secret: Buffer = Buffer.alloc(0);

  constructor(private readonly store: PostgresSessionStore) {}

  /** All replicas share the secret of whichever came first, and keep it over restarts. */
  async onApplicationBootstrap(): Promise<void> {
    await this.store.setIfAbsent(SECRET_KEY, randomBytes(32));
    const secret = await this.store.get(SECRET_KEY);
    if (!secret) throw new Error('The secret of the form tokens was removed while we started');
    this.secret = secret;
  }

  tokenFor(request: Request): string {
    const binding = readBinding(request);
    if (binding) return this.sign(binding);
    const visitor = randomBytes(32).toString('base64url');
    writeCookie(request, VISITOR_COOKIE, visitor);
    return this.sign(visitor);
  }

  isValid(request: Request, token: string): boolean {
    const binding = readBinding(request);
    if (!binding) return false;
    const expected = Buffer.from(this.sign(binding));
    const given = Buffer.from(token);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private sign(binding: string): string {
    return createHmac('sha256', this.secret).update(binding).digest('base64url');
  }
}

function readBinding(request: Request): string | undefined {
  return readSessionId(request) ?? readCookie(request, VISITOR_COOKIE);
}
