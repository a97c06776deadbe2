import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PostgresSessionError } from 'nestjs-postgres-session';
import type { NextFunction, Request, Response } from 'express';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { AppModule } from './app.module.js';
import { readEnvironment, type Environment } from './environment.js';
import { secure } from './http/security.js';
import { StartupError } from './startup-error.js';
import { StartupLogger } from './startup-logger.js';

/** Seen from sample/dist, where this file runs. */
const PUBLIC_FOLDER = fileURLToPath(new URL('../public', import.meta.url));

async function main(): Promise<void> {
  const environment = readEnvironment();
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    abortOnError: false,
    bodyParser: false,
    logger: new StartupLogger(),
  });
  configure(app, environment);
  try {
    const address = await listen(app, environment);
    console.log(`Open ${address} in your browser. Ctrl-C ends the program.`);
  } catch (error) {
    await app.close();
    throw error;
  }
}

function configure(app: NestExpressApplication, { trustProxy }: Environment): void {
  app.set('trust proxy', trustProxy);
  secure(app);
  app.useStaticAssets(PUBLIC_FOLDER);
  // Pages are of one person and one moment: "back" after a sign-out must not show them.
  app.use((_: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.useBodyParser('urlencoded', { extended: false, limit: '10kb' });
  app.enableShutdownHooks([], { useProcessExit: true });
}

async function listen(app: NestExpressApplication, { port, host }: Environment): Promise<string> {
  try {
    const server = await app.listen(port, host);
    return `http://localhost:${(server.address() as AddressInfo).port}`;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') throw cause;
    throw new StartupError(
      `Port ${port} is taken by another program. Choose another one: PORT=${port + 1} npm start`,
      { cause },
    );
  }
}

main().catch((error: unknown) => {
  const mendable = error instanceof StartupError || error instanceof PostgresSessionError;
  console.error(mendable ? error.message : error);
  process.exitCode = 1;
});
