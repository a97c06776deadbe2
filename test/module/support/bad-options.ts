/** A value that must be refused, and how the message shows it. */
type BadValue = [value: unknown, shown: RegExp];

interface BadOption {
  name: string;
  /** How the message says what is allowed. */
  allowed: RegExp;
  values: BadValue[];
}

const NAME_RULE = /\[A-Za-z_\]\[A-Za-z0-9_\]\*/;
const WHOLE_NUMBER = /whole number from \d+ to \d+/;

const NAMES: BadValue[] = [
  ['drop; --', /drop; --/],
  ['"quoted"', /quoted/],
  ["it's", /it's/],
  ['', /""/],
  ['1st', /1st/],
  ['with space', /with space/],
  ['with-dash', /with-dash/],
  ['a.b', /a\.b/],
  ['täble', /täble/],
  ['line\n', /line/],
  [7, /7/],
];

function numbers(least: number): BadValue[] {
  return [
    [least - 1, new RegExp(String(least - 1))],
    [1.5, /1\.5/],
    [Number.NaN, /NaN/],
    [Number.POSITIVE_INFINITY, /Infinity/],
    ['10', /10/],
  ];
}

export const BAD_OPTIONS: BadOption[] = [
  { name: 'tableName', allowed: NAME_RULE, values: NAMES },
  {
    name: 'tableName',
    allowed: /at most \d+ bytes, so that its index/,
    values: [
      [`t${'n'.repeat(60)}`, /tnnn/],
      ['n'.repeat(64), /nnnn/],
    ],
  },
  { name: 'schema', allowed: NAME_RULE, values: NAMES },
  { name: 'schema', allowed: /at most 63 bytes/, values: [['n'.repeat(64), /nnnn/]] },
  { name: 'skipSchemaInit', allowed: /true or false/, values: [['yes', /yes/]] },
  {
    name: 'pooler',
    allowed: /'transaction', 'session' or false/,
    values: [
      ['statement', /statement/],
      [true, /true/],
    ],
  },
  { name: 'readOnly', allowed: /true or false/, values: [['yes', /yes/]] },
  { name: 'schemaLockTimeout', allowed: WHOLE_NUMBER, values: numbers(1) },
  { name: 'phaseHook', allowed: /a function/, values: [['log', /log/]] },
  {
    name: 'cleanup',
    allowed: /false or \{/,
    values: [
      [true, /true/],
      ['daily', /daily/],
    ],
  },
  {
    name: 'cleanup.cron',
    allowed: /five or six fields/,
    values: [
      ['every now and then', /every now and then/],
      ['* * *', /\* \* \*/],
      ['99 * * * *', /99/],
      ['', /""/],
    ],
  },
  { name: 'cleanup.timeZone', allowed: /Europe\/Berlin/, values: [['Mars/Olympus', /Mars/]] },
  {
    name: 'cleanup.batchSize',
    allowed: WHOLE_NUMBER,
    values: [...numbers(1), [-1_000, /-1000/]],
  },
  {
    name: 'cleanup.signal',
    allowed: /AbortSignal/,
    values: [
      ['stop', /stop/],
      [{}, /./],
    ],
  },
  { name: 'retryAttempts', allowed: WHOLE_NUMBER, values: numbers(0) },
  { name: 'retryDelay', allowed: WHOLE_NUMBER, values: numbers(0) },
  { name: 'shutdownTimeout', allowed: WHOLE_NUMBER, values: numbers(0) },
  { name: 'maxTtl', allowed: WHOLE_NUMBER, values: [...numbers(1), [1e14 + 1, /100000000000001/]] },
  { name: 'operationTimeout', allowed: /whole number .* or false/, values: numbers(1) },
  {
    name: 'preparedStatements',
    allowed: /true or false/,
    values: [
      ['no', /no/],
      [1, /1/],
    ],
  },
  { name: 'batching', allowed: /false or \{/, values: [[true, /true/]] },
  { name: 'batching.concurrency', allowed: WHOLE_NUMBER, values: numbers(1) },
  { name: 'batching.maxRows', allowed: WHOLE_NUMBER, values: numbers(1) },
  { name: 'batching.maxBytes', allowed: WHOLE_NUMBER, values: numbers(1) },
  { name: 'batching.maxQueue', allowed: WHOLE_NUMBER, values: numbers(1) },
  {
    name: 'pool',
    allowed: /a pg\.Pool/,
    values: [
      ['a pool', /a string/],
      [{}, /./],
    ],
  },
  {
    name: 'connection',
    allowed: /connection string/,
    values: [
      ['', /string/],
      [7, /number/],
    ],
  },
];

const JUNK: unknown[] = [
  '-',
  -1,
  1.5,
  Number.NaN,
  Infinity,
  [],
  () => 1,
  Symbol('x'),
  1n,
  { x: 1 },
  2 ** 40,
];

/** Values of many kinds, without those that the option takes. */
export function ofWrongKind(name: string): unknown[] {
  if (name === 'phaseHook') return JUNK.filter((value) => typeof value !== 'function');
  if (name === 'maxTtl') return JUNK.filter((value) => value !== 2 ** 40);
  if (name === 'connection') return JUNK.filter((value) => !isObject(value));
  return JUNK;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value);
}
