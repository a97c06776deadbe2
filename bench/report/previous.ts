/** What a full run before this version reached, on the same kind of machine: the figures to compare with. */
export const PREVIOUS = {
  date: '2026-11-24',
  reached: new Map([
    ['get, 64 in flight, against connect-pg-simple', '13.1 ×'],
    ['get, 64 in flight, against @keyv/postgres', '11.8 ×'],
    ['get, 64 in flight, against node-redis, no persistence', '3.03 ×'],
    ['get, 256 in flight, against node-redis, no persistence', '2.93 ×'],
    ['get, 64 in flight, against ioredis auto-pipelining, no persistence', '1.55 ×'],
    ['get, 256 in flight, against ioredis auto-pipelining, no persistence', '1.32 ×'],
    [
      'get, 64 in flight, against connect-redis, no persistence (both delivering the parsed session)',
      '2.84 ×',
    ],
    [
      'get, 256 in flight, against connect-redis, no persistence (both delivering the parsed session)',
      '3.43 ×',
    ],
    ['set, 64 in flight, against connect-pg-simple', '6.94 ×'],
    ['set, 64 in flight, against @keyv/postgres', '6.45 ×'],
    ['set, 64 in flight, against ioredis auto-pipelining, appendfsync always', '1.42 ×'],
    ['set, 256 in flight, against ioredis auto-pipelining, appendfsync always', '1.42 ×'],
    [
      'set, 256 in flight, against connect-redis, no persistence (both delivering the parsed session)',
      '1.48 ×',
    ],
    ["set, 64 in flight, against the seed's SQL, pg.Pool(10)", '6.21 ×'],
    ["touch, 64 in flight, against the seed's SQL, pg.Pool(10)", '6.84 ×'],
    [
      'mix, 64 in flight, against connect-redis, no persistence (both delivering the parsed session)',
      '1.63 ×',
    ],
    ['p99 of get, 64 in flight, against connect-pg-simple', '0.21 ×'],
    ['p50 of a lone get against a named statement on a checked-out connection', '1.01 ×'],
    ['p50 of a lone get against a named statement by pool.query', '0.99 ×'],
    ['HOT updates, ttl 30 min, one touch a minute', '95.0 %'],
    ['HOT updates, ttl 24 h, one touch a minute', '96.7 %'],
    ["bytes of WAL a touch against the seed's layout", '0.36 ×'],
    [
      'time of get, 64 in flight, on a table grown from empty without ANALYZE, against after it',
      '1.17 ×',
    ],
    [
      'time of touch, 64 in flight, on a table grown from empty without ANALYZE, against after it',
      '0.85 ×',
    ],
    [
      'time of get, 1 in flight, on a table grown from empty without ANALYZE, against after it',
      '1.07 ×',
    ],
    [
      'time of touch, 1 in flight, on a table grown from empty without ANALYZE, against after it',
      '0.96 ×',
    ],
    ['get at 1,000,000 rows against 10,000 rows', '0.34 ×'],
    ['deletePrefix of 100 keys at 1,000,000 rows against 10,000 rows', '1.06 ×'],
    ['p99 of gets while 1,000,000 rows are swept, against before', '1.70 ×'],
    ['heap after 5,085,876 calls against after 1,003,338', '0.97 ×'],
  ]),
};
