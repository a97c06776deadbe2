/** How a tracer is installed, started, and made to tell as much as it can. */
export interface Tracer {
  title: string;
  /** The newest versions that load on Node 20. */
  packages: Record<string, string>;
  /** The file of `programs/` that starts or asks it. */
  program: string;
  /** Node's flags that start it before the application. */
  flags: string[];
  /** Where what is exported is sent to: nothing leaves the machine. */
  env: (sink: URL) => Record<string, string>;
  modes: TracerMode[];
}

export interface TracerMode {
  title: string;
  env: Record<string, string>;
  /** Stands in what is exported when the mode is on. */
  mark?: string;
  /** Whether the values of the application's own queries are exported. */
  tellsValues?: boolean;
}

export const OPENTELEMETRY: Tracer = {
  title: 'OpenTelemetry',
  packages: {
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/instrumentation': '0.223.0',
    '@opentelemetry/instrumentation-pg': '0.76.0',
    '@opentelemetry/sdk-trace-node': '2.12.0',
  },
  program: 'opentelemetry.mjs',
  flags: ['--import', './opentelemetry.mjs'],
  env: () => ({}),
  modes: [
    { title: 'by default', env: openTelemetry({}) },
    {
      title: 'with values reported, statements commented and hooks that record all',
      env: openTelemetry({
        enhancedDatabaseReporting: true,
        addSqlCommenterCommentToQueries: true,
        recordAll: true,
      }),
      mark: 'db.postgresql.values',
      tellsValues: true,
    },
    {
      title: 'with a statement of its own before each of ours',
      env: openTelemetry({ enableTraceContextPropagation: true }),
    },
  ],
};

function openTelemetry(options: Record<string, boolean>): Record<string, string> {
  return { OPENTELEMETRY_OPTIONS: JSON.stringify(options) };
}

export const DATADOG: Tracer = {
  title: 'Datadog',
  packages: { 'dd-trace': '5.132.0' },
  program: 'datadog.mjs',
  flags: ['--import', 'dd-trace/initialize.mjs'],
  env: (sink) => ({ DD_TRACE_AGENT_URL: sink.href, DD_SERVICE: 'app' }),
  modes: [
    { title: 'by default', env: {} },
    {
      title: 'with the trace in each statement and security monitoring',
      env: { DD_DBM_PROPAGATION_MODE: 'full', DD_APPSEC_ENABLED: 'true', DD_IAST_ENABLED: 'true' },
      mark: '_dd.dbm_trace_injected',
    },
  ],
};

export const ELASTIC: Tracer = {
  title: 'Elastic APM',
  packages: { 'elastic-apm-node': '4.18.0' },
  program: 'elastic.mjs',
  flags: [
    '-r',
    'elastic-apm-node/start.js',
    '--experimental-loader=elastic-apm-node/loader.mjs',
    '--no-warnings',
  ],
  env: (sink) => ({
    ELASTIC_APM_SERVER_URL: sink.href,
    ELASTIC_APM_CLOUD_PROVIDER: 'none',
  }),
  modes: [
    { title: 'by default', env: {} },
    {
      title: 'with a stack trace for each statement',
      env: { ELASTIC_APM_SPAN_STACK_TRACE_MIN_DURATION: '0ms', ELASTIC_APM_CAPTURE_BODY: 'all' },
    },
  ],
};

export const SENTRY: Tracer = {
  title: 'Sentry',
  packages: { '@sentry/node': '11.12.0' },
  program: 'sentry.mjs',
  flags: ['--import', './sentry.mjs'],
  env: (sink) => ({ SENTRY_DSN: `http://key@${sink.host}/1` }),
  modes: [
    { title: 'by default', env: { SENTRY_OPTIONS: '{}' } },
    { title: 'with whole transactions', env: { SENTRY_OPTIONS: '{"traceLifecycle":"static"}' } },
  ],
};

export const NEW_RELIC: Tracer = {
  title: 'New Relic',
  packages: { newrelic: '13.9.2' },
  program: 'new-relic.mjs',
  flags: ['--import', 'newrelic/esm-loader.mjs', '-r', 'newrelic'],
  env: (sink) => ({
    NEW_RELIC_APP_NAME: 'app',
    NEW_RELIC_LICENSE_KEY: '0'.repeat(40),
    NEW_RELIC_HOST: sink.hostname,
    NEW_RELIC_PORT: sink.port,
    NEW_RELIC_LOG_ENABLED: 'false',
    ...Object.fromEntries(
      ['AWS', 'AZURE', 'GCP', 'PCF', 'DOCKER', 'KUBERNETES'].map((cloud) => [
        `NEW_RELIC_UTILIZATION_DETECT_${cloud}`,
        'false',
      ]),
    ),
  }),
  modes: [
    { title: 'by default', env: {} },
    {
      title: 'with raw SQL and every query slow',
      env: {
        NEW_RELIC_RECORD_SQL: 'raw',
        NEW_RELIC_SLOW_SQL_ENABLED: 'true',
        NEW_RELIC_EXPLAIN_THRESHOLD: '0',
      },
      mark: 'ANY($1::text[])',
    },
  ],
};
