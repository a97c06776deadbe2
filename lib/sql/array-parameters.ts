/** Array parameters in PostgreSQL's binary format, which spares the escaping and hex of the text one. */

const TEXT_OID = 25;
const BYTEA_OID = 17;
const FLOAT8_OID = 701;
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const FLOAT8_BYTES = 8;
const MAX_BYTES_PER_UNIT = 3;
const NULL_LENGTH = -1;

export function textArray(items: ReadonlyArray<string | null>): Buffer {
  let size = HEADER_BYTES;
  for (const item of items) {
    size += LENGTH_BYTES + (item === null ? 0 : item.length * MAX_BYTES_PER_UNIT);
  }
  const array = Buffer.allocUnsafe(size);
  let offset = writeHeader(array, TEXT_OID, items.length);
  for (const item of items) {
    const length = item === null ? NULL_LENGTH : array.write(item, offset + LENGTH_BYTES, 'utf8');
    array.writeInt32BE(length, offset);
    offset += LENGTH_BYTES + Math.max(length, 0);
  }
  return array.subarray(0, offset);
}

export function byteaArray(items: readonly Buffer[]): Buffer {
  let size = HEADER_BYTES;
  for (const item of items) {
    size += LENGTH_BYTES + item.length;
  }
  const array = Buffer.allocUnsafe(size);
  let offset = writeHeader(array, BYTEA_OID, items.length);
  for (const item of items) {
    offset = array.writeInt32BE(item.length, offset);
    offset += item.copy(array, offset);
  }
  return array;
}

export function float8Array(items: ReadonlyArray<number | null>): Buffer {
  const array = Buffer.allocUnsafe(HEADER_BYTES + items.length * (LENGTH_BYTES + FLOAT8_BYTES));
  let offset = writeHeader(array, FLOAT8_OID, items.length);
  for (const item of items) {
    if (item === null) {
      offset = array.writeInt32BE(NULL_LENGTH, offset);
    } else {
      offset = array.writeInt32BE(FLOAT8_BYTES, offset);
      offset = array.writeDoubleBE(item, offset);
    }
  }
  return array.subarray(0, offset);
}

/** Dimensions, a flag for nulls (which PostgreSQL sets itself), element type, length, lower bound. */
function writeHeader(array: Buffer, elementType: number, length: number): number {
  let offset = array.writeInt32BE(length === 0 ? 0 : 1, 0);
  offset = array.writeInt32BE(1, offset);
  offset = array.writeInt32BE(elementType, offset);
  if (length === 0) {
    return offset;
  }
  offset = array.writeInt32BE(length, offset);
  return array.writeInt32BE(1, offset);
}
