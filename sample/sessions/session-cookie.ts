import type { Request } from 'express';
import { clearCookie, readCookie, writeCookie } from '../http/cookies.js';

const SESSION_COOKIE = 'sample_session';
/** 256 bits in base64url. */
const SESSION_ID = /^[\w-]{43}$/;

export function readSessionId(request: Request): string | undefined {
  const id = readCookie(request, SESSION_COOKIE);
  return id && SESSION_ID.test(id) ? id : undefined;
}

export function writeSessionId(request: Request, id: string, ttl: number): void {
  writeCookie(request, SESSION_COOKIE, id, ttl);
}

export function clearSessionId(request: Request): void {
  clearCookie(request, SESSION_COOKIE);
}
