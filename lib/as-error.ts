/** What was thrown, where it is an error, as it should be; else wrapped into one. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
