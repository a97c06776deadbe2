// What the load runs on, from where this file lies: the repository with the built package in it, or a
// folder into which the package was installed.
import 'reflect-metadata';
export { NestFactory } from '@nestjs/core';
export {
  getSessionPoolToken,
  getSessionSchemaSql,
  getSessionStoreToken,
  PostgresSessionModule,
} from 'nestjs-postgres-session';
export { default as pg } from 'pg';
