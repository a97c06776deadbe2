// Datadog, started by `--import dd-trace/initialize.mjs`; its agent is the test's sink.
import { subscribe } from 'node:diagnostics_channel';
import tracer from 'dd-trace';

const isQuery = (span) => span.context()._name === 'pg.query';
const started = new Set();
let ended = 0;
subscribe('dd-trace:span:start', ({ span }) => isQuery(span) && started.add(span));
subscribe('dd-trace:span:finish', (span) => {
  if (started.has(span)) ended += 1;
});

export const request = (work) => tracer.trace('request', work);

export const noticeError = (error) => tracer.scope().active().setTag('error', error);

export const finish = async () => ({ started: started.size, ended, complaints: [] });
