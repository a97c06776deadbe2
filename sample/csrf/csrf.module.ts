import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SessionStoreModule } from '../sessions/session-store.module.js';
import { CsrfGuard } from './csrf.guard.js';
import { CsrfService } from './csrf.service.js';

@Module({
  imports: [SessionStoreModule],
  providers: [CsrfService, { provide: APP_GUARD, useClass: CsrfGuard }],
  exports: [CsrfService],
})
export class CsrfModule {}
