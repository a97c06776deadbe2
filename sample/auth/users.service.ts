import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { POOL } from '../database/database.module.js';
import type { User } from '../sessions/session.js';
import { isName } from './credentials.js';
import { hashPassword, verifyPassword } from './passwords.js';

interface UserRow extends User {
  password: string;
}

/** Accounts are data of the application's own: an ordinary table beside that of the sessions. */
@Injectable()
export class UsersService implements OnModuleInit {
  private decoy = '';

  constructor(@Inject(POOL) private readonly pool: pg.Pool) {}

  /** One transaction; the lock keeps replicas that boot together apart. */
  async onModuleInit(): Promise<void> {
    await this.pool.query(`
      SELECT pg_advisory_xact_lock(hashtext('sample_users'));
      CREATE TABLE IF NOT EXISTS sample_users (
        id uuid PRIMARY KEY,
        name text NOT NULL UNIQUE,
        password text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    this.decoy = await hashPassword(randomUUID());
  }

  /** Undefined where the name is taken. */
  async create(name: string, password: string): Promise<User | undefined> {
    const { rows } = await this.pool.query<User>(
      `INSERT INTO sample_users (id, name, password) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO NOTHING RETURNING id, name`,
      [randomUUID(), name, await hashPassword(password)],
    );
    return rows[0];
  }

  /** Takes as long for a name that nobody has, so that the time does not tell who has an account. */
  async verify(name: string, password: string): Promise<User | undefined> {
    const row = isName(name) ? await this.find(name) : undefined;
    const matches = await verifyPassword(password, row?.password ?? this.decoy);
    return row && matches ? { id: row.id, name: row.name } : undefined;
  }

  private async find(name: string): Promise<UserRow | undefined> {
    const { rows } = await this.pool.query<UserRow>(
      'SELECT id, name, password FROM sample_users WHERE name = $1',
      [name],
    );
    return rows[0];
  }
}
