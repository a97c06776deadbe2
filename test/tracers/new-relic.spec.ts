import { NEW_RELIC } from './support/tracers.js';
import { describeTracer } from './tracer.suite.js';

describeTracer(NEW_RELIC);
