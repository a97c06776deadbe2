import type { Harness } from '../../support/harness.js';
import type { StoreOptions } from '../../support/app.js';
import { type Message, Program } from '../../support/program.js';

const APP = new URL('../programs/app.mjs', import.meta.url);

/** No sweep but those that a test asks for. */
export const NEVER = { cron: '0 0 1 1 *' };

export interface Booted extends Message {
  type: 'booted';
  /** Milliseconds that it took. */
  ms: number;
  url: string;
}

export interface AppSettings {
  options: StoreOptions;
  /** Whether the application closes itself by a handler of its own, not by Nest's shutdown hooks. */
  ownHandler?: boolean;
}

/** An application in a process of its own, which has loaded and waits for the word `boot`. */
export async function loadApp(harness: Harness, settings: AppSettings): Promise<Program> {
  const program = Program.start(harness, APP, [JSON.stringify(settings)]);
  await program.heard('ready');
  return program;
}

export async function bootApp(
  harness: Harness,
  settings: AppSettings,
): Promise<{ program: Program; url: string }> {
  const program = await loadApp(harness, settings);
  program.tell('boot');
  const { url } = await program.heard<Booted>('booted');
  return { program, url };
}
