// Sentry, initialised in a file of its own that `--import` loads; its server is the test's sink.
import * as Sentry from '@sentry/node';

Sentry.init({ tracesSampleRate: 1, ...JSON.parse(process.env.SENTRY_OPTIONS) });

const started = new Set();
let ended = 0;
const client = Sentry.getClient();
client.on('spanStart', (span) => {
  const { attributes } = Sentry.spanToJSON(span);
  if (attributes['sentry.origin'] === 'auto.db.postgres') started.add(span);
});
client.on('spanEnd', (span) => {
  if (started.has(span)) ended += 1;
});

export const request = (work) => Sentry.startSpan({ name: 'request', op: 'task' }, work);

export const noticeError = (error) => Sentry.captureException(error);

export const finish = async () => ({ started: started.size, ended, complaints: [] });
