import type { CookieOptions, Request, Response } from 'express';

/**
 * The name of a cookie. Behind TLS it has the `__Host-` prefix, with which a browser takes it from
 * this very host alone, so no sibling domain can plant one.
 */
function nameOf(request: Request, name: string): string {
  return request.secure ? `__Host-${name}` : name;
}

function attributesOf(request: Request): CookieOptions {
  return { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' };
}

export function readCookie(request: Request, name: string): string | undefined {
  const wanted = `${nameOf(request, name)}=`;
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const trimmed = pair.trim();
    if (trimmed.startsWith(wanted)) return trimmed.slice(wanted.length);
  }
  return undefined;
}

/** Without `maxAge` (ms) the cookie lives as long as the browser runs. */
export function writeCookie(request: Request, name: string, value: string, maxAge?: number): void {
  const response = request.res as Response;
  response.cookie(nameOf(request, name), value, { ...attributesOf(request), maxAge });
}

export function clearCookie(request: Request, name: string): void {
  const response = request.res as Response;
  response.clearCookie(nameOf(request, name), attributesOf(request));
}
