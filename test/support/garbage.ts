import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Whether nothing holds an object any more. */
export async function garbageCollected(reference: WeakRef<object>): Promise<boolean> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // A reference keeps its object until the turn of the event loop is over in which it was made or read.
  await nextTurn();
  collectGarbage();
  return reference.deref() === undefined;
}
