import type { ClientBase } from 'pg';
import type { PhaseHook } from '../interfaces/postgres-session-module-options.interface.js';
import {
  PostgresSessionError,
  type PostgresSessionErrorDetails,
} from '../postgres-session.errors.js';
import { TIMINGS } from '../timings.js';
import { messageOf } from '../utils/errors.js';
import { watched, within } from '../utils/timers.js';
import { schemaInitLockKey } from './advisory-lock-key.js';
import { sqlState, SqlState } from './sql-state.js';
import {
  createExpiryIndex,
  createOwnerIndex,
  createTable,
  schemaSql,
  type TableLayout,
} from './table-layout.js';
import { describeTable, findFaults, layoutOf, type TableDescription } from './table-inspection.js';
import type { TableNames } from './table-name.js';

/** The steps of schema init in their order, with the words that their failure is told in. */
const STEPS = {
  begin_tx: 'begin transaction',
  set_lock_timeout: 'set lock timeout',
  acquire_lock: 'acquire advisory lock',
  lock_acquired: 'acquire advisory lock',
  check_table: 'check table',
  create_table: 'create table',
  check_index: 'check index',
  create_index: 'create index',
  commit: 'commit',
  done: 'commit',
} as const;

type Step = keyof typeof STEPS;

/** None above what the role or the connection sets. The server ends the transaction of a process that stands still. */
const SET_BOUNDS = `
SELECT set_config(name, CASE WHEN setting::bigint BETWEEN 1 AND bound THEN setting ELSE bound::text END, true)
FROM pg_settings JOIN (VALUES ('lock_timeout', $1::bigint), ('idle_in_transaction_session_timeout', $2::bigint))
  AS b (name, bound) USING (name)`;

export interface AnswerBound {
  /** Milliseconds within which every step but `create_index` is answered; else the server is out of reach. */
  readonly answerTimeout: number;
  /** Called when a step was not; ends the connection. */
  readonly onUnanswered: () => void;
}

export interface SchemaInitOptions extends AnswerBound {
  readonly names: TableNames;
  /** The table's name as it was given, before folding: the lock of celeris is made of it. */
  readonly tableName: string;
  /** Milliseconds. */
  readonly lockTimeout: number;
  readonly phaseHook: PhaseHook | undefined;
  /** Told of a hook that threw. */
  readonly onHookError: (phase: string, error: unknown) => void;
}

/**
 * Makes the table and its indexes where they are not there, in one transaction under the advisory lock of
 * celeris; uses a table that is there as it is. celeris: `ensureSchema`.
 */
export async function ensureSchema(
  client: ClientBase,
  options: SchemaInitOptions,
): Promise<TableLayout> {
  const init = new SchemaInit(client, options);
  try {
    return await init.run();
  } catch (error) {
    // For whoever waits for its locks; the client is thrown away all the same, so this may fail.
    await within(
      TIMINGS.END_CONNECTION,
      client.query('ROLLBACK').catch(() => undefined),
    );
    throw init.explain(error);
  }
}

/** Issues no DDL; reads the catalog once and says what is missing. */
export async function checkSchema(
  client: ClientBase,
  names: TableNames,
  { answerTimeout, onUnanswered }: AnswerBound,
): Promise<TableLayout> {
  let isUnanswered = false;
  const onLate = (): void => {
    isUnanswered = true;
    onUnanswered();
  };
  const table = await watched(answerTimeout, onLate, () => describeTable(client, names)).catch(
    (error: unknown) => {
      throw isUnanswered ? unanswered('check schema', answerTimeout, { cause: error }) : error;
    },
  );
  if (table === undefined) {
    throw new PostgresSessionError(
      'ERR_SCHEMA_INIT',
      `check schema: table ${names.qualified} does not exist, and skipSchemaInit or readOnly is set. Have it made by:\n${schemaSql(names)}`,
    );
  }
  const faults = findFaults(table);
  if (faults.length > 0) {
    throw new PostgresSessionError(
      'ERR_SCHEMA_INIT',
      `check schema: table ${names.qualified} cannot be used: ${faults.join('; ')}`,
    );
  }
  return layoutOf(names, table);
}

function unanswered(
  step: string,
  answerTimeout: number,
  details: PostgresSessionErrorDetails,
): PostgresSessionError {
  const told = `${step}: the server did not answer within ${answerTimeout} ms`;
  return new PostgresSessionError('ERR_CONNECT', told, details);
}

class SchemaInit {
  private step: Step = 'begin_tx';
  private isUnanswered = false;

  constructor(
    private readonly client: ClientBase,
    private readonly options: SchemaInitOptions,
  ) {}

  async run(): Promise<TableLayout> {
    await this.at('begin_tx', () => this.client.query('BEGIN'));
    await this.at('set_lock_timeout', () =>
      this.client.query(SET_BOUNDS, [this.options.lockTimeout, TIMINGS.TRANSACTION_IDLE]),
    );
    await this.at('acquire_lock', () => this.lock());
    this.announce('lock_acquired');
    const table = await this.ensureTable();
    await this.ensureIndexes(table);
    await this.at('commit', () => this.client.query('COMMIT'));
    this.announce('done');
    return layoutOf(this.options.names, table);
  }

  explain(error: unknown): PostgresSessionError {
    const phase = `ensure_schema:${this.step}`;
    if (this.isUnanswered) {
      const step = `ensure schema: ${STEPS[this.step]}`;
      return unanswered(step, this.options.answerTimeout, { cause: error, phase });
    }
    return new PostgresSessionError(
      'ERR_SCHEMA_INIT',
      `ensure schema: ${STEPS[this.step]}: ${messageOf(error)}${this.advice(error)}`,
      { cause: error, phase },
    );
  }

  private async at<T>(step: Step, action: () => Promise<T>): Promise<T> {
    this.announce(step);
    if (step === 'create_index') {
      // On a large table it takes as long as it takes.
      return action();
    }
    return watched(
      this.options.answerTimeout,
      () => {
        this.isUnanswered = true;
        this.options.onUnanswered();
      },
      action,
    );
  }

  private announce(step: Step): void {
    this.step = step;
    const phase = `ensure_schema:${step}`;
    const tell = (error: unknown): void => this.options.onHookError(phase, error);
    try {
      // A hook may be an async function all the same, whose failure must not go unhandled.
      const returned: unknown = this.options.phaseHook?.(phase);
      Promise.resolve(returned).catch(tell);
    } catch (error) {
      tell(error);
    }
  }

  /** The name as given is what celeris locks; the folded one is what other spellings of it share. */
  private async lock(): Promise<void> {
    const { tableName, names } = this.options;
    for (const name of new Set([tableName, names.table])) {
      await this.client.query('SELECT pg_advisory_xact_lock($1)', [
        String(schemaInitLockKey(name)),
      ]);
    }
  }

  private async ensureTable(): Promise<TableDescription> {
    const { names } = this.options;
    let table = await this.at('check_table', () => this.checkTable());
    if (table === undefined) {
      table = await this.at('create_table', async () => {
        await this.client.query(createTable(names));
        return describeTable(this.client, names);
      });
    }
    const faults = table === undefined ? ['it is not there'] : findFaults(table);
    if (table === undefined || faults.length > 0) {
      throw new Error(`table ${names.qualified} cannot be used: ${faults.join('; ')}`);
    }
    return table;
  }

  private async checkTable(): Promise<TableDescription | undefined> {
    const { names } = this.options;
    const table = await describeTable(this.client, names);
    if (table === undefined && names.schema !== undefined) {
      const { rows } = await this.client.query<{ found: boolean }>(
        'SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS found',
        [names.schema],
      );
      if (!rows[0].found) {
        throw new Error(
          `schema "${names.schema}" does not exist, and is not made by this module. Have it made by: CREATE SCHEMA "${names.schema}"`,
        );
      }
    }
    return table;
  }

  private async ensureIndexes(table: TableDescription): Promise<void> {
    const { names } = this.options;
    const layout = layoutOf(names, table);
    this.announce('check_index');
    const missing: string[] = [];
    if (!table.indexes.has(names.expiryIndex)) {
      missing.push(createExpiryIndex(names, layout.hasExpiryBucket));
    }
    if (layout.hasOwner && !table.indexes.has(names.ownerIndex)) {
      missing.push(createOwnerIndex(names));
    }
    if (missing.length > 0) {
      await this.at('create_index', () => this.client.query(missing.join(';\n')));
    }
  }

  private advice(error: unknown): string {
    const creates = this.step === 'create_table' || this.step === 'create_index';
    if (!creates || sqlState(error) !== SqlState.INSUFFICIENT_PRIVILEGE) {
      return '';
    }
    const { names } = this.options;
    return `. The role may not create it. Have a DBA run this, and grant the role SELECT, INSERT, UPDATE and DELETE on the table:\n${schemaSql(names)}`;
  }
}
