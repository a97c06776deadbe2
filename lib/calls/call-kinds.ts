import type { Statements } from '../sql/statements.js';
import { batchedCalls, type BatchedCalls } from './batched-calls.js';
import type { CallLimits } from './limits.js';
import { manyCalls, type ManyCalls } from './many-calls.js';
import { rangeCalls, type RangeCalls } from './range-calls.js';
import { singleCalls, type SingleCalls } from './single-calls.js';

/** Every kind of call that a store makes. */
export interface CallKinds extends BatchedCalls, SingleCalls, ManyCalls, RangeCalls {
  readonly hasOwner: boolean;
}

export function callKinds(
  statements: Statements,
  limits: CallLimits,
  hasOwner: boolean,
): CallKinds {
  return {
    ...batchedCalls(statements, limits, hasOwner),
    ...singleCalls(statements, limits, hasOwner),
    ...manyCalls(statements, limits, hasOwner),
    ...rangeCalls(statements),
    hasOwner,
  };
}
