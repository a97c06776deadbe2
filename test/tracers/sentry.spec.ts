import { SENTRY } from './support/tracers.js';
import { describeTracer } from './tracer.suite.js';

describeTracer(SENTRY);
