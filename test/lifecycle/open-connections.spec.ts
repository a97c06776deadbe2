import { once } from 'node:events';
import { get, type ClientRequest, type ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ScheduleModule } from '@nestjs/schedule';
import { PostgresSessionModule, PostgresSessionStore } from '../../lib/index.js';
import { ownFailureOf } from '../support/failures.js';
import { Harness } from '../support/harness.js';

describe('Shutdown with a stream of server-sent events open', () => {
  const harness = Harness.use();

  /** An application one of whose responses never ends by itself, and a client that reads it. */
  async function openStream(forceCloseConnections: boolean) {
    const options = {
      connection: harness.url,
      tableName: harness.table(),
      cleanup: false,
    } as const;
    class StreamModule {}
    const app = await NestFactory.create<NestExpressApplication>(
      {
        module: StreamModule,
        imports: [ScheduleModule.forRoot(), PostgresSessionModule.forRoot(options)],
      },
      { logger: false, abortOnError: false, forceCloseConnections },
    );
    app.use((_: unknown, response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': open\n\n');
    });
    await app.listen(0, '127.0.0.1');
    const request: ClientRequest = get(await app.getUrl());
    request.on('error', () => undefined);
    await once(request, 'response');
    harness.onEnd(() => void request.destroy());
    return { app, request, store: app.get(PostgresSessionStore) };
  }

  it('waits for the stream, and the store works until then', async () => {
    const { app, request, store } = await openStream(false);
    let hasClosed = false;
    const closing = app.close().then(() => (hasClosed = true));
    for (let n = 0; n < 20; n++) await store.set(`key${n}`, 'value');
    expect(hasClosed).toBe(false);
    request.destroy();
    await closing;
    expect((await ownFailureOf(store.get('key'))).code).toBe('ERR_STORE_CLOSED');
  });

  it('ends at once with forceCloseConnections', async () => {
    const { app, store } = await openStream(true);
    await app.close();
    expect((await ownFailureOf(store.get('key'))).code).toBe('ERR_STORE_CLOSED');
  });
});
