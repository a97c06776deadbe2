import pg from 'pg';

const BOOLEAN_OID = 16;
const BYTEA_OID = 17;
const INT8_OID = 20;
const INT4_OID = 23;

const HEX_PREFIX = '\\x';

const parseEscapedBytes = pg.types.getTypeParser(BYTEA_OID, 'text') as (text: string) => Buffer;

function parseBytes(text: string): Buffer {
  // Servers may be set to the older escape format, which the driver reads.
  return text.startsWith(HEX_PREFIX)
    ? Buffer.from(text.slice(HEX_PREFIX.length), 'hex')
    : parseEscapedBytes(text);
}

const parseBoolean = (text: string): boolean => text === 't';
const parseText = (text: string): string => text;

/** Reads our few column types, whatever parsers the application has set for its own. */
export const resultTypes = {
  getTypeParser(oid: number): (text: string) => unknown {
    switch (oid) {
      case BOOLEAN_OID:
        return parseBoolean;
      case BYTEA_OID:
        return parseBytes;
      case INT8_OID:
      case INT4_OID:
        return Number;
      default:
        return parseText;
    }
  },
};
