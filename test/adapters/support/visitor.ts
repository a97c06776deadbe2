/** A browser: it keeps the cookies that it is given. */
export class Visitor {
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly sessionCookie = 'connect.sid',
  ) {}

  async get(path: string): Promise<{ status: number; text: string; setCookie: string[] }> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(new URL(path, this.url), { headers: cookie ? { cookie } : {} });
    const setCookie = response.headers.getSetCookie();
    for (const header of setCookie) this.keep(header);
    return { status: response.status, text: await response.text(), setCookie };
  }

  /** The id that stands in the signed cookie. */
  get sid(): string {
    const cookie = decodeURIComponent(this.cookies.get(this.sessionCookie) ?? '');
    return cookie.slice(cookie.startsWith('s:') ? 2 : 0, cookie.lastIndexOf('.'));
  }

  /** Another window that has the same cookies now. */
  twin(url = this.url): Visitor {
    const twin = new Visitor(url, this.sessionCookie);
    for (const [name, value] of this.cookies) twin.cookies.set(name, value);
    return twin;
  }

  private keep(header: string): void {
    const [pair] = header.split(';');
    const at = pair.indexOf('=');
    this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}
