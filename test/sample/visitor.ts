import { createHash, randomInt } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  setCookies: string[];
  body: string;
}

type Headers = Record<string, string>;

export const PASSWORD = 'correct horse battery';
const SESSION_COOKIE = /^(__Host-)?sample_session$/;

/** In hex, as the sample makes its keys of what people send. */
export function sha256(text = ''): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A browser reduced to what matters here: it keeps cookies, and posts the forms it was given. */
export class Visitor {
  readonly cookies = new Map<string, string>();

  /** Tries to sign in are counted by address, so each visitor has one, as behind a proxy. */
  readonly address = `10.${[randomInt(256), randomInt(256), randomInt(256)].join('.')}`;

  constructor(
    private readonly base: string,
    /** Sent with every request. */
    private readonly headers: Headers = {},
  ) {}

  get sessionId(): string | undefined {
    return [...this.cookies].find(([name]) => SESSION_COOKIE.test(name))?.[1];
  }

  get(path: string, headers: Headers = {}): Promise<Answer> {
    return this.send('GET', path, headers);
  }

  /** Posts fields as they are: no token is added. */
  post(path: string, fields: Record<string, string>, headers: Headers = {}): Promise<Answer> {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return this.send('POST', path, { ...type, ...headers }, new URLSearchParams(fields).toString());
  }

  async token(page: string): Promise<string> {
    const { body } = await this.get(page);
    return /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
  }

  /** Opens a page and posts a form of it. */
  async submit(page: string, action: string, fields: Record<string, string> = {}): Promise<Answer> {
    return this.post(action, { _csrf: await this.token(page), ...fields });
  }

  signUp(name: string, password = PASSWORD): Promise<Answer> {
    return this.submit('/sign-up', '/sign-up', { name, password });
  }

  signIn(name: string, password = PASSWORD): Promise<Answer> {
    return this.submit('/sign-in', '/sign-in', { name, password });
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.get('/sessions')).status === 200;
  }

  private async send(
    method: string,
    path: string,
    headers: Headers,
    body?: string,
  ): Promise<Answer> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await exchange(
      new URL(path, this.base),
      method,
      {
        'X-Forwarded-For': this.address,
        ...this.headers,
        ...(cookie && { Cookie: cookie }),
        ...headers,
      },
      body,
    );
    for (const line of answer.setCookies) this.keep(line);
    return answer;
  }

  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    if (attributes.includes('Expires=Thu, 01 Jan 1970 00:00:00 GMT')) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

function exchange(url: URL, method: string, headers: Headers, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent: false }, (response) => {
      text(response).then(
        (received) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            setCookies: response.headers['set-cookie'] ?? [],
            body: received,
          }),
        reject,
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}
