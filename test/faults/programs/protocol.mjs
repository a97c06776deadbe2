import { createInterface } from 'node:readline';

/** What the test asks of this process. */
export const settings = JSON.parse(process.argv[2]);

export function say(event, details = {}) {
  process.stdout.write(`${JSON.stringify({ event, ...details })}\n`);
}

/** Runs a handler for each word that the test sends. */
export function onWord(handlers) {
  createInterface({ input: process.stdin }).on('line', (word) => void handlers[word]?.());
}
