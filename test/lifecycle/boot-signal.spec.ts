import { describe, expect, it } from '@jest/globals';
import { TcpProxy } from '../faults/support/tcp-proxy.js';
import { waitFor } from '../support/conditions.js';
import { Harness } from '../support/harness.js';
import { Program } from '../support/program.js';

const BOOT = new URL('./programs/boot.mjs', import.meta.url);

describe('A signal while an application boots', () => {
  const harness = Harness.use();

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends it quietly, with the exit code of the signal: %s',
    async (signal) => {
      const proxy = await TcpProxy.before(harness);
      proxy.swallow();
      const connection = proxy.url(harness.url);
      const program = Program.start(harness, BOOT, [JSON.stringify({ connection })]);
      await program.heard('booting');
      await waitFor(() => proxy.accepted > 0, { what: 'a connection that is attempted' });
      program.signal(signal);
      expect(await program.ended).toEqual({ code: null, signal });
      expect(program.output).toBe('');
      expect(program.count('booted')).toBe(0);
    },
  );
});
