// Elastic APM, started by `-r elastic-apm-node/start.js`; its server is the test's sink.
import apm from 'elastic-apm-node';

let started = 0;
let ended = 0;
// It has no event for the start or the end of a span.
const instrumentation = apm._instrumentation;
const { createSpan } = instrumentation;
instrumentation.createSpan = function (...args) {
  const span = createSpan.apply(this, args);
  if (span?.subtype !== 'postgresql') return span;
  started += 1;
  const { end } = span;
  span.end = function (...args) {
    ended += 1;
    return end.apply(this, args);
  };
  return span;
};

export async function request(work) {
  const transaction = apm.startTransaction('request');
  try {
    await work();
  } finally {
    transaction.end();
  }
}

export const noticeError = (error) => apm.captureError(error);

export const finish = async () => ({ started, ended, complaints: [] });
