import { batchedOperations, type BatchedOperations } from './batched.js';
import { multiKeyOperations, type MultiKeyOperations } from './multi-key.js';
import { rangeOperations, type RangeOperations } from './ranges.js';
import type { OperationSetup } from './shared.js';
import { singleKeyOperations, type SingleKeyOperations } from './single-key.js';

/** Every operation of a store. A new one is added to one of the four groups. */
export interface Operations
  extends BatchedOperations, SingleKeyOperations, MultiKeyOperations, RangeOperations {}

export function buildOperations(setup: OperationSetup): Operations {
  return {
    ...batchedOperations(setup),
    ...singleKeyOperations(setup),
    ...multiKeyOperations(setup),
    ...rangeOperations(setup),
  };
}
