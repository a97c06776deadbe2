// OpenTelemetry, started by `--import` as its documentation says, with an exporter in memory.
import { register } from 'node:module';
import { diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { Recorder } from './recorder.mjs';

register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const { recordAll, ...options } = JSON.parse(process.env.OPENTELEMETRY_OPTIONS);
const recorder = new Recorder();
const hook = (_span, given) => recorder.record(given);
const hooks = recordAll ? { requestHook: hook, responseHook: hook, connectionHook: hook } : {};

const started = new Set();
const counter = {
  onStart: (span) => span.name.startsWith('pg.query') && started.add(span.spanContext().spanId),
  onEnd: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
};
const exporter = new InMemorySpanExporter();

// A span that is ended twice is a warning.
const complaints = [];
const complain = (...words) => complaints.push(words.join(' '));
const ignore = () => undefined;
diag.setLogger(
  { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore },
  DiagLogLevel.WARN,
);
new NodeTracerProvider({ spanProcessors: [counter, new SimpleSpanProcessor(exporter)] }).register();
registerInstrumentations({ instrumentations: [new PgInstrumentation({ ...options, ...hooks })] });

export function request(work) {
  return trace.getTracer('app').startActiveSpan('request', async (span) => {
    try {
      await work();
    } finally {
      span.end();
    }
  });
}

export const noticeError = (error) => trace.getActiveSpan().recordException(error);

export async function finish(recording) {
  const spans = exporter.getFinishedSpans();
  for (const { name, attributes, events, status, links } of spans)
    recorder.record({ name, attributes, events, status, links });
  recorder.save(recording);
  const ended = spans.filter((span) => started.has(span.spanContext().spanId)).length;
  return { started: started.size, ended, complaints };
}
