/** Later than what is ready now, and before anything is read or sent. */
export function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
