import { EventEmitter } from 'node:events';
import type { ClientBase, ClientConfig } from 'pg';
import pg from 'pg';
import type { ColumnReader } from '../sql/statement.js';
import type { DriverConnection } from './driver-internals.js';

/** Every message of PostgreSQL's protocol begins with its code and its length, which counts itself. */
const CODE_BYTES = 1;
const HEADER_BYTES = 5;
const DATA_ROW = 0x44;
const INT16_BYTES = 2;
const INT32_BYTES = 4;
const NULL_LENGTH = -1;

/**
 * A row as it was received. The driver makes a string of every column at once, which bytes do not survive;
 * here columns are read when somebody asks for them, by the driver as it always does.
 */
export class BinaryRow {
  readonly name = 'dataRow';

  /** @param at where the row begins in `chunk`, behind the header of its message. */
  constructor(
    private readonly chunk: Buffer,
    private readonly at: number,
  ) {}

  get fieldCount(): number {
    return this.chunk.readInt16BE(this.at);
  }

  /** The columns as the driver reads them, for queries of its own. */
  get fields(): Array<string | null> {
    const fields: Array<string | null> = [];
    let at = this.at + INT16_BYTES;
    for (let n = this.fieldCount; n > 0; n -= 1) {
      const length = this.chunk.readInt32BE(at);
      const start = at + INT32_BYTES;
      at = start + Math.max(length, 0);
      fields.push(length === NULL_LENGTH ? null : this.chunk.toString('utf8', start, at));
    }
    return fields;
  }

  read(columns: readonly ColumnReader[]): unknown[] {
    const { chunk } = this;
    let at = this.at + INT16_BYTES;
    return columns.map((column) => {
      const length = chunk.readInt32BE(at);
      const start = at + INT32_BYTES;
      at = start + Math.max(length, 0);
      return length === NULL_LENGTH ? undefined : column.fromBinary(chunk, start, at);
    });
  }
}

/**
 * The client of a pool of our own: the driver's, whose rows are handed on as they were received. It frames
 * the stream from the first byte on, and the driver stays its one reader: each message reaches it in its
 * place, and it alone knows which query is being answered.
 */
export class BinaryRowsClient extends pg.Client {
  constructor(config?: ClientConfig) {
    super(config);
    const { connection } = this as unknown as { connection: DriverConnection };
    const attachListeners = connection.attachListeners.bind(connection);
    connection.binaryRows = true;
    connection.attachListeners = (stream) => {
      const others = new EventEmitter();
      attachListeners(others);
      const splitter = new RowSplitter(
        (row) => connection.emit('dataRow', row),
        (chunk) => others.emit('data', chunk),
      );
      (stream as EventEmitter).on('data', (chunk: Buffer) => splitter.push(chunk));
    };
  }
}

/** What pg.Pool wants as its `Client`. */
export const binaryRowsClient = BinaryRowsClient as unknown as new () => ClientBase;

/** Cuts what is received into rows and the bytes of all other messages, in their order. */
export class RowSplitter {
  /** The beginning of a message, until there is enough of it. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private neededBytes = 0;
  /** Bytes still to come of a message that is no row. */
  private passing = 0;

  constructor(
    private readonly onRow: (row: BinaryRow) => void,
    private readonly onOthers: (chunk: Buffer) => void,
  ) {}

  push(received: Buffer): void {
    if (this.heldBytes === 0) {
      this.split(received);
      return;
    }
    this.held.push(received);
    this.heldBytes += received.length;
    if (this.heldBytes >= this.neededBytes) {
      const chunk = Buffer.concat(this.held, this.heldBytes);
      this.held = [];
      this.heldBytes = 0;
      this.split(chunk);
    }
  }

  private split(chunk: Buffer): void {
    let at = Math.min(this.passing, chunk.length);
    this.passing -= at;
    let passed = 0;
    while (at + HEADER_BYTES <= chunk.length) {
      const end = at + CODE_BYTES + chunk.readUInt32BE(at + CODE_BYTES);
      if (chunk[at] !== DATA_ROW) {
        this.passing = Math.max(end - chunk.length, 0);
        at = Math.min(end, chunk.length);
        continue;
      }
      this.pass(chunk, passed, at);
      passed = at;
      if (end > chunk.length) {
        this.hold(chunk.subarray(at), end - at);
        return;
      }
      this.onRow(new BinaryRow(chunk, at + HEADER_BYTES));
      passed = end;
      at = end;
    }
    this.pass(chunk, passed, at);
    if (at < chunk.length) {
      this.hold(chunk.subarray(at), HEADER_BYTES);
    }
  }

  private pass(chunk: Buffer, from: number, to: number): void {
    if (to > from) {
      this.onOthers(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
    }
  }

  private hold(part: Buffer, needed: number): void {
    this.held.push(part);
    this.heldBytes = part.length;
    this.neededBytes = needed;
  }
}
