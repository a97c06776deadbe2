import { Module } from '@nestjs/common';
import { CsrfModule } from '../csrf/csrf.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { SessionStoreModule } from '../sessions/session-store.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { AttemptsService } from './attempts.service.js';
import { AuthController } from './auth.controller.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [DatabaseModule, SessionStoreModule, SessionsModule, CsrfModule],
  controllers: [AuthController],
  providers: [UsersService, AttemptsService],
})
export class AuthModule {}
