import type { Parameter } from '../sql/statement.js';

/** Parse, Bind, Execute and Sync of PostgreSQL's protocol, version 3: code, length, then what is said. */
const PARSE = 0x50;
const BIND = 0x42;
const EXECUTE = 0x45;
const SYNC = 0x53;

const CODE_BYTES = 1;
const INT32_BYTES = 4;
const INT16_BYTES = 2;
const TERMINATOR_BYTES = 1;

const TEXT = 0;
const BINARY = 1;
const NULL_LENGTH = -1;

/** Executes the unnamed portal to its end, then asks for the end of the implicit transaction. */
const EXECUTE_AND_SYNC = Buffer.of(EXECUTE, 0, 0, 0, 9, 0, 0, 0, 0, 0, SYNC, 0, 0, 0, 4);

/**
 * One run of a statement as one piece of bytes, so that it goes out in one system call. All columns come
 * back in PostgreSQL's binary format.
 *
 * @param name under which the server keeps the statement; empty for none.
 * @param text given where the server has to parse it first.
 */
export function statementMessages(
  name: string,
  text: string | undefined,
  values: readonly Parameter[],
): Buffer {
  const nameBytes = Buffer.byteLength(name) + TERMINATOR_BYTES;
  const textBytes = text === undefined ? 0 : Buffer.byteLength(text) + TERMINATOR_BYTES;
  const parseBytes = INT32_BYTES + nameBytes + textBytes + INT16_BYTES;
  const lengths = values.map(lengthOf);
  let bindBytes = INT32_BYTES + TERMINATOR_BYTES + nameBytes + 4 * INT16_BYTES;
  for (const length of lengths) {
    bindBytes += INT16_BYTES + INT32_BYTES + Math.max(length, 0);
  }

  const size =
    (text === undefined ? 0 : CODE_BYTES + parseBytes) +
    (CODE_BYTES + bindBytes) +
    EXECUTE_AND_SYNC.length;
  const messages = Buffer.allocUnsafe(size);
  let at = 0;
  const code = (value: number): void => {
    at = messages.writeUInt8(value, at);
  };
  const int16 = (value: number): void => {
    at = messages.writeInt16BE(value, at);
  };
  const int32 = (value: number): void => {
    at = messages.writeInt32BE(value, at);
  };
  const string = (value: string): void => {
    at += messages.write(value, at);
    at = messages.writeUInt8(0, at);
  };

  if (text !== undefined) {
    code(PARSE);
    int32(parseBytes);
    string(name);
    string(text);
    int16(0);
  }
  code(BIND);
  int32(bindBytes);
  string('');
  string(name);
  int16(values.length);
  for (const value of values) {
    int16(typeof value === 'object' && value !== null ? BINARY : TEXT);
  }
  int16(values.length);
  values.forEach((value, n) => {
    int32(lengths[n]);
    if (typeof value === 'string') {
      at += messages.write(value, at);
    } else if (value !== null) {
      at += value.copy(messages, at);
    }
  });
  int16(1);
  int16(BINARY);
  EXECUTE_AND_SYNC.copy(messages, at);
  return messages;
}

function lengthOf(value: Parameter): number {
  if (value === null) {
    return NULL_LENGTH;
  }
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}
