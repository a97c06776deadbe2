import type { ClientBase } from 'pg';
import type { PhaseHook } from '../interfaces/postgres-session-module-options.interface.js';
import { PostgresSessionError } from '../postgres-session.errors.js';
import { TIMINGS } from '../timings.js';
import { messageOf } from '../utils/errors.js';
import { within } from '../utils/timers.js';
import { schemaInitLockKey } from './advisory-lock-key.js';
import { AS_SENT } from './as-sent.js';
import type { TableFault } from './column-faults.js';
import { describeLockHolders } from './lock-holders.js';
import { sqlState, SqlState } from './sql-state.js';
import { InterruptedError, runStep, type AnswerBound } from './start-step.js';
import { describeFaults, findFaults, findTakenNames } from './table-faults.js';
import { describeTable, layoutOf, type TableDescription } from './table-inspection.js';
import {
  createExpiryIndex,
  createOwnerIndex,
  createTable,
  schemaSql,
  type TableLayout,
} from './table-layout.js';
import { findCitusFaults, hasCitus, inspectCitus } from './citus-inspection.js';
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
 * Makes the table and its indexes if they are not there, in one transaction under the advisory lock of
 * celeris; uses a table that is there as it is, without that lock. celeris: `ensureSchema`.
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
    throw await init.explain(error);
  }
}

/** Issues no DDL; reads the catalog once and says what is wrong. */
export async function checkSchema(
  client: ClientBase,
  { names, readOnly }: { readonly names: TableNames; readonly readOnly: boolean },
  bound: AnswerBound,
): Promise<TableLayout> {
  const step = 'check schema';
  const table = await runStep(bound, { title: step }, () => describeTable(client, names));
  const fail = (what: string): PostgresSessionError =>
    new PostgresSessionError('ERR_SCHEMA_INIT', `${step}: ${what}`);
  if (table === undefined) {
    throw fail(
      `table ${names.told} does not exist, and skipSchemaInit or readOnly is set. Have it made by:\n${schemaSql(names)}`,
    );
  }
  const faults = findFaults(names, table, readOnly);
  if (faults.length > 0) {
    throw fail(describeFaults(names, faults));
  }
  return layoutOf(names, table);
}

class SchemaInit {
  private step: Step = 'begin_tx';

  constructor(
    private readonly client: ClientBase,
    private readonly options: SchemaInitOptions,
  ) {}

  async run(): Promise<TableLayout> {
    await this.at('begin_tx', () => this.client.query('BEGIN'));
    await this.at('set_lock_timeout', () =>
      this.client.query(SET_BOUNDS, [this.options.lockTimeout, TIMINGS.TRANSACTION_IDLE]),
    );
    const seen = await this.bounded('check_table', () => this.findTable());
    const needsLock = seen === undefined || this.missingIndexes(seen).length > 0;
    await this.at('acquire_lock', () => (needsLock ? this.lock() : Promise.resolve()));
    this.announce('lock_acquired');
    const table = await this.ensureTable(needsLock ? undefined : seen);
    await this.ensureIndexes(table);
    await this.at('commit', () => this.client.query('COMMIT'));
    this.announce('done');
    return layoutOf(this.options.names, table);
  }

  async explain(error: unknown): Promise<Error> {
    if (error instanceof InterruptedError || error instanceof PostgresSessionError) {
      return error;
    }
    const told = `${messageOf(error)}${await this.advice(error)}`;
    return this.failure(told, error);
  }

  private at<T>(step: Step, action: () => Promise<T>): Promise<T> {
    this.announce(step);
    return this.bounded(step, action);
  }

  /** Fails as that step, of which the hook is not told. */
  private bounded<T>(step: Step, action: () => Promise<T>): Promise<T> {
    this.step = step;
    // On a large table an index takes as long as it takes.
    const bound = step === 'create_index' ? undefined : this.options;
    return runStep(bound, { title: this.title, phase: this.phase }, action);
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
    for (const key of this.lockKeys()) {
      await this.client.query('SELECT pg_advisory_xact_lock($1)', [String(key)]);
    }
  }

  private lockKeys(): bigint[] {
    const { tableName, names } = this.options;
    return [...new Set([tableName, names.table])].map(schemaInitLockKey);
  }

  /** @param complete the table, if it was found to need nothing more. */
  private async ensureTable(complete: TableDescription | undefined): Promise<TableDescription> {
    const { names } = this.options;
    const found = await this.at('check_table', async () => complete ?? (await this.findTable()));
    const table =
      found ??
      (await this.at('create_table', async () => {
        await this.client.query(createTable(names));
        return describeTable(this.client, names);
      }));
    if (table === undefined) {
      throw this.failure(`table ${names.told} was made, and cannot be found`);
    }
    this.refuse(findFaults(names, table, false));
    return table;
  }

  private async findTable(): Promise<TableDescription | undefined> {
    const { names } = this.options;
    const table = await describeTable(this.client, names);
    if (table === undefined && (await hasCitus(this.client))) {
      this.refuse(findCitusFaults(names, await inspectCitus(this.client, names)));
    }
    if (table === undefined && names.schema !== undefined) {
      const { rows } = await this.client.query<{ found: string }>({
        text: 'SELECT count(*)::text AS found FROM pg_namespace WHERE nspname = $1',
        values: [names.schema],
        types: AS_SENT,
      });
      if (rows[0].found === '0') {
        throw this.failure(
          `schema "${names.schema}" does not exist, and is not made by this module, so table ${names.told} cannot be. Have it made by: CREATE SCHEMA "${names.schema}"`,
        );
      }
    }
    return table;
  }

  private async ensureIndexes(table: TableDescription): Promise<void> {
    this.announce('check_index');
    const missing = this.missingIndexes(table);
    if (missing.length > 0) {
      this.refuse(findTakenNames(table));
      // One by one: Citus takes no command that creates beside another one.
      await this.at('create_index', async () => {
        for (const statement of missing) {
          await this.client.query(statement);
        }
      });
    }
  }

  /** The statements that make them. */
  private missingIndexes(table: TableDescription): string[] {
    const { names } = this.options;
    const { hasOwner, hasExpiryBucket } = layoutOf(names, table);
    const lacks = (index: string): boolean =>
      !table.named.some(({ name, isOurs }) => isOurs && name === index);
    return [
      ...(lacks(names.expiryIndex) ? [createExpiryIndex(names, hasExpiryBucket)] : []),
      ...(hasOwner && lacks(names.ownerIndex) ? [createOwnerIndex(names)] : []),
    ];
  }

  private refuse(faults: readonly TableFault[]): void {
    if (faults.length > 0) {
      throw this.failure(describeFaults(this.options.names, faults));
    }
  }

  private failure(what: string, cause?: unknown): PostgresSessionError {
    const details = { phase: this.phase, ...(cause === undefined ? {} : { cause }) };
    return new PostgresSessionError('ERR_SCHEMA_INIT', `${this.title}: ${what}`, details);
  }

  private get title(): string {
    return `ensure schema: ${STEPS[this.step]}`;
  }

  private get phase(): string {
    return `ensure_schema:${this.step}`;
  }

  private async advice(error: unknown): Promise<string> {
    const creates = this.step === 'create_table' || this.step === 'create_index';
    const { names } = this.options;
    if (sqlState(error) === SqlState.LOCK_NOT_AVAILABLE) {
      const table = creates ? names.qualified : undefined;
      const holders = await this.bounded(this.step, () =>
        describeLockHolders(this.client, this.lockKeys(), table),
      ).catch(() => '');
      return holders === '' ? '' : `. Held by ${holders}`;
    }
    return creates && sqlState(error) === SqlState.INSUFFICIENT_PRIVILEGE
      ? `. The role may not create it. Have a DBA run this, and grant the role SELECT, INSERT, UPDATE and DELETE on the table:\n${schemaSql(names)}`
      : '';
  }
}
