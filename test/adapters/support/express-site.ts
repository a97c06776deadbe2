import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import session, { type SessionOptions } from 'express-session';
import {
  ExpressSessionStore,
  type ExpressSessionStoreOptions,
} from '../../../lib/adapters/express-session.js';
import type { PostgresSessionStore } from '../../../lib/index.js';
import { PostgresSessionModule } from '../../../lib/index.js';
import type { StoreOptions } from '../../support/app.js';
import { storeOf } from '../../support/app.js';
import type { Harness } from '../../support/harness.js';
import { Visitor } from './visitor.js';

declare module 'express-session' {
  interface SessionData {
    account?: string;
    views?: number;
    odd?: unknown;
    large?: string;
  }
}

export type Handler = (request: Request, response: Response) => unknown;

export interface SiteOptions {
  tableName: string;
  handlers: Record<string, Handler>;
  session?: Partial<SessionOptions>;
  adapter?: ExpressSessionStoreOptions;
  store?: StoreOptions;
  /** In the place of the store of this package. */
  sessions?: session.Store;
}

export interface Site {
  url: string;
  app: NestExpressApplication;
  store: PostgresSessionStore;
  sessions: ExpressSessionStore;
  visitor: () => Visitor;
}

/** A Nest application on Express with express-session, as its users have it. */
export async function startExpressSite(harness: Harness, options: SiteOptions): Promise<Site> {
  const { tableName, handlers } = options;
  class SiteModule {}
  const imports = [
    PostgresSessionModule.forRoot({
      connection: harness.url,
      tableName,
      cleanup: false,
      ...options.store,
    }),
  ];
  const app = await NestFactory.create<NestExpressApplication>(
    { module: SiteModule, imports },
    { logger: false, abortOnError: false },
  );
  const store = storeOf(app);
  const sessions = new ExpressSessionStore(store, options.adapter);
  app.use(
    session({
      store: options.sessions ?? sessions,
      secret: 'a secret of this test',
      resave: false,
      saveUninitialized: false,
      ...options.session,
    }),
  );
  for (const [path, handler] of Object.entries(handlers)) {
    app.use(path, async (request: Request, response: Response, next: NextFunction) => {
      try {
        await handler(request, response);
        if (!response.writableEnded) response.end('done');
      } catch (error) {
        next(error);
      }
    });
  }
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    if (!response.headersSent) response.status(500);
    response.end(error.message);
  });
  await app.listen(0, '127.0.0.1');
  harness.onEnd(() => app.close());
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { url, app, store, sessions, visitor: () => new Visitor(url) };
}

/** Waits for a method of a session that calls back. */
export function called(
  method: (callback: (error?: Error | null) => void) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    method((error) => (error ? reject(error) : resolve()));
  });
}
