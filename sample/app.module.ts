import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { AuthModule } from './auth/auth.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HomeController } from './home.controller.js';
import { ConnectionCloser } from './http/connection-closer.js';
import { PageExceptionFilter } from './http/page-exception.filter.js';
import { SessionsModule } from './sessions/sessions.module.js';

@Module({
  // The scheduler runs the store's cleanup of expired sessions.
  imports: [ScheduleModule.forRoot(), DatabaseModule, AuthModule, SessionsModule],
  controllers: [HomeController],
  providers: [ConnectionCloser, { provide: APP_FILTER, useClass: PageExceptionFilter }],
})
export class AppModule {}
