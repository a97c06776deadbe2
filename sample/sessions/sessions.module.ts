import { Module } from '@nestjs/common';
import { CsrfModule } from '../csrf/csrf.module.js';
import { SessionStoreModule } from './session-store.module.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

@Module({
  imports: [SessionStoreModule, CsrfModule],
  controllers: [SessionsController],
  providers: [SessionsService],
  exports: [SessionsService],
})
export class SessionsModule {}
