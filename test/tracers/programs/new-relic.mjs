// New Relic, started by `--import newrelic/esm-loader.mjs -r newrelic`. Its collector would have to
// speak TLS, so what it is sent is recorded instead.
import newrelic from 'newrelic';
import { Recorder } from './recorder.mjs';

const { agent } = newrelic;
const recorder = new Recorder();
const queries = [];

// Parts of what it sends would be compressed by themselves.
agent.config.simple_compression = true;

agent.collector.isConnected = () => true;
agent.collector.send = (_method, payload, done) => {
  recorder.record(payload);
  done(null, { retainData: false });
};
agent.on('transactionFinished', ({ trace }) => {
  for (const name of namesIn(trace.segments.root)) {
    if (name.includes('Datastore/statement/Postgres')) queries.push(name);
  }
});

export const request = (work) => newrelic.startBackgroundTransaction('request', work);

export const noticeError = (error) => newrelic.noticeError(error);

export async function finish(recording) {
  await new Promise((resolve) => {
    agent.forceHarvestAll(resolve);
  });
  recorder.save(recording);
  // One that had no end is named so when its transaction ends.
  const ended = queries.filter((name) => !name.startsWith('Truncated/'));
  return { started: queries.length, ended: ended.length, complaints: [] };
}

function* namesIn({ segment, children }) {
  yield segment.name;
  for (const child of children) yield* namesIn(child);
}
