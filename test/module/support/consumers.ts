import { Inject, Injectable, type DynamicModule, type Type } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Pool } from 'pg';
import {
  getSessionCleanupToken,
  getSessionPoolToken,
  getSessionStoreToken,
  InjectSessionStore,
  PostgresSessionCleanupService,
  PostgresSessionStore,
} from '../../../lib/index.js';
import type { Harness } from '../../support/harness.js';

@Injectable()
export class Consumer {
  constructor(
    readonly byClass: PostgresSessionStore,
    @InjectSessionStore() readonly byDecorator: PostgresSessionStore,
    @Inject(getSessionStoreToken()) readonly byToken: PostgresSessionStore,
    @Inject(getSessionPoolToken()) readonly pool: Pool,
    readonly cleanup: PostgresSessionCleanupService,
    @Inject(getSessionCleanupToken()) readonly cleanupByToken: PostgresSessionCleanupService,
  ) {}
}

@Injectable()
export class NamedConsumer {
  constructor(
    @InjectSessionStore('users') readonly store: PostgresSessionStore,
    @Inject(getSessionPoolToken('users')) readonly pool: Pool,
    @Inject(getSessionCleanupToken('users')) readonly cleanup: PostgresSessionCleanupService,
  ) {}
}

/** A module of its own, with one consumer and these imports. */
export function feature(consumer: Type, imports: DynamicModule[] = []): DynamicModule {
  class FeatureModule {}
  return { module: FeatureModule, imports, providers: [consumer], exports: [consumer] };
}

/** Starts an application of these modules, and resolves to its consumer. */
export async function consumerOf<T>(
  harness: Harness,
  consumer: Type<T>,
  imports: DynamicModule[],
): Promise<T> {
  const app = await harness.start({ imports: [ScheduleModule.forRoot(), ...imports] });
  return app.get(consumer, { strict: false });
}
