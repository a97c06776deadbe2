/** A message begins with its code and its length, which counts itself; a client's first has no code. */
const CODE_BYTES = 1;
const LENGTH_BYTES = 4;
const HEADER_BYTES = CODE_BYTES + LENGTH_BYTES;
const NULL_LENGTH = -1;

/** Codes of what a server says. */
export const Backend = {
  AUTHENTICATION: 'R',
  COMMAND_COMPLETE: 'C',
  DATA_ROW: 'D',
  EMPTY_QUERY: 'I',
  ERROR: 'E',
  PORTAL_SUSPENDED: 's',
  READY_FOR_QUERY: 'Z',
} as const;

export type Column = Buffer | null;
export type Row = readonly Column[];

/** Cuts what one side of a connection sends into whole messages. */
export class MessageReader {
  private rest: Buffer = Buffer.alloc(0);

  /** @param atStartUp whether the next message has no code. */
  constructor(private atStartUp: boolean) {}

  read(chunk: Buffer): Buffer[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const messages: Buffer[] = [];
    for (let length = this.nextLength(); length <= this.rest.length; length = this.nextLength()) {
      messages.push(this.rest.subarray(0, length));
      this.rest = this.rest.subarray(length);
      this.atStartUp = false;
    }
    return messages;
  }

  private nextLength(): number {
    const codeBytes = this.atStartUp ? 0 : CODE_BYTES;
    if (this.rest.length < codeBytes + LENGTH_BYTES) return Infinity;
    return codeBytes + this.rest.readUInt32BE(codeBytes);
  }
}

/** Reads the body of one message from its beginning to its end. */
export class BodyReader {
  private at = HEADER_BYTES;

  constructor(private readonly message: Buffer) {}

  text(): string {
    const end = this.message.indexOf(0, this.at);
    const text = this.message.toString('utf8', this.at, end);
    this.at = end + 1;
    return text;
  }

  int16(): number {
    this.at += 2;
    return this.message.readInt16BE(this.at - 2);
  }

  /** Bytes behind their length, which may say that there are none. */
  column(): Column {
    const length = this.message.readInt32BE(this.at);
    this.at += LENGTH_BYTES + Math.max(length, 0);
    return length === NULL_LENGTH ? null : this.message.subarray(this.at - length, this.at);
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.int16() }, item);
  }
}

export function codeOf(message: Buffer): string {
  return String.fromCharCode(message[0]);
}

export function readRow(message: Buffer): Row {
  const reader = new BodyReader(message);
  return reader.list(() => reader.column());
}

export function dataRow(row: Row): Buffer {
  const columns = row.flatMap((column) =>
    column === null ? [int32(NULL_LENGTH)] : [int32(column.length), column],
  );
  return message(Backend.DATA_ROW, int16(row.length), ...columns);
}

export function commandComplete(tag: string): Buffer {
  return message(Backend.COMMAND_COMPLETE, text(tag));
}

/** Of a connection on which no transaction is open. */
export function readyForQuery(): Buffer {
  return message(Backend.READY_FOR_QUERY, Buffer.from('I'));
}

export function errorResponse(sqlState: string, reason: string): Buffer {
  return message(Backend.ERROR, fields({ S: 'ERROR', V: 'ERROR', C: sqlState, M: reason }));
}

export function noticeResponse(reason: string): Buffer {
  return message('N', fields({ S: 'NOTICE', V: 'NOTICE', C: '00000', M: reason }));
}

export function notification(channel: string, payload: string): Buffer {
  return message('A', int32(1), text(channel), text(payload));
}

export function parameterStatus(name: string, value: string): Buffer {
  return message('S', text(name), text(value));
}

function message(code: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(code), int32(LENGTH_BYTES + body.length), body]);
}

function fields(values: Record<string, string>): Buffer {
  const parts = Object.entries(values).map(([code, value]) => text(code + value));
  return Buffer.concat([...parts, Buffer.of(0)]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
