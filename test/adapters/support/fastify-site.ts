import fastifyCookie from '@fastify/cookie';
import fastifySession, { type FastifySessionOptions } from '@fastify/session';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  FastifySessionStore,
  type FastifySessionStoreOptions,
} from '../../../lib/adapters/fastify-session.js';
import {
  PostgresSessionModule,
  type KeyValueStore,
  type PostgresSessionStore,
} from '../../../lib/index.js';
import { storeOf } from '../../support/app.js';
import type { Harness } from '../../support/harness.js';
import { Visitor } from './visitor.js';

declare module 'fastify' {
  interface Session {
    account?: string;
    views?: number;
  }
}

type FastifyAnswer = string | number | void | Promise<string | number | void>;

export type FastifyHandler = (request: FastifyRequest, reply: FastifyReply) => FastifyAnswer;

export interface FastifySiteOptions {
  tableName: string;
  handlers: Record<string, FastifyHandler>;
  session?: Partial<FastifySessionOptions>;
  adapter?: FastifySessionStoreOptions;
}

export interface FastifySite {
  url: string;
  store: PostgresSessionStore;
  sessions: FastifySessionStore;
  /** How often the adapter called each method of the store. */
  calls: Map<string, number>;
  visitor: () => Visitor;
}

/** A Nest application on Fastify with @fastify/session, as its users have it. */
export async function startFastifySite(
  harness: Harness,
  { tableName, handlers, session, adapter }: FastifySiteOptions,
): Promise<FastifySite> {
  class SiteModule {}
  const imports = [
    PostgresSessionModule.forRoot({ connection: harness.url, tableName, cleanup: false }),
  ];
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: SiteModule, imports },
    new FastifyAdapter(),
    { logger: false, abortOnError: false },
  );
  const store = storeOf(app);
  const calls = new Map<string, number>();
  const sessions = new FastifySessionStore(counted(store, calls), adapter);
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    secret: 'a secret of this test, of 32 characters',
    cookie: { secure: false },
    store: sessions,
    ...session,
  });
  const fastify = app.getHttpAdapter().getInstance();
  for (const [path, handler] of Object.entries(handlers)) {
    fastify.get(path, async (request, reply) => {
      const answer = await handler(request, reply);
      return String(answer ?? 'done');
    });
  }
  await app.listen(0, '127.0.0.1');
  harness.onEnd(() => app.close());
  const url = await app.getUrl();
  return { url, store, sessions, calls, visitor: () => new Visitor(url, 'sessionId') };
}

/** The same store, with its calls counted. */
function counted(store: KeyValueStore, calls: Map<string, number>): KeyValueStore {
  return new Proxy(store, {
    get(target, name) {
      const its: unknown = Reflect.get(target, name);
      if (typeof its !== 'function') return its;
      return (...args: unknown[]): unknown => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return Reflect.apply(its, target, args) as unknown;
      };
    },
  });
}
