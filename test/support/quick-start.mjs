// Runs the README's quick start as an application of its own: `node quick-start.mjs <compiled block>`.
import { NestFactory } from '@nestjs/core';

const { AppModule, VisitsService } = await import(process.argv[2]);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
const visits = app.get(VisitsService, { strict: false });
const counts = [await visits.visit('ada'), await visits.visit('ada'), await visits.visit('bob')];
await app.close();
console.log(JSON.stringify(counts));
