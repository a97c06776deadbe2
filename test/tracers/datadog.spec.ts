import { DATADOG } from './support/tracers.js';
import { describeTracer } from './tracer.suite.js';

describeTracer(DATADOG);
