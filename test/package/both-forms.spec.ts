import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { onceForBothForms, VERSION } from '../../lib/utils/both-forms.js';
import { REPOSITORY, runOrFail } from '../support/commands.js';
import { Harness } from '../support/harness.js';

const PROGRAM = fileURLToPath(new URL('programs/both-forms.mjs', import.meta.url));

describe('A process that has loaded both forms of the package', () => {
  const harness = Harness.use();

  it.each([
    { loadedFirst: 'import', registering: 'import', early: [] },
    { loadedFirst: 'import', registering: 'require', early: [] },
    { loadedFirst: 'require', registering: 'import', early: [] },
    { loadedFirst: 'require', registering: 'require', early: [] },
    { loadedFirst: 'import', registering: 'import', early: ['/testing'] },
    { loadedFirst: 'require', registering: 'require', early: ['/testing'] },
  ])(
    'finds stores by the tokens of either form and catches errors of either: $loadedFirst first, registered by $registering, after $early of the other form',
    async ({ loadedFirst, registering, early }) => {
      const args = [PROGRAM, loadedFirst, registering].concat(early);
      const output = await runOrFail(process.execPath, args, {
        cwd: REPOSITORY,
        env: { DATABASE_URL: harness.url },
      });
      expect(output).toBe('both forms work\n');
    },
  );

  it('knows the forms of one version by the version of package.json', async () => {
    const manifest = await readFile(join(REPOSITORY, 'package.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ version: VERSION });
  });

  it('shares nothing with a copy that has another Nest', () => {
    const [nest, otherNest] = [{}, {}];
    expect(onceForBothForms('token', 1, nest)).toBe(1);
    expect(onceForBothForms('token', 2, nest)).toBe(1);
    expect(onceForBothForms('token', 3, otherNest)).toBe(3);
  });
});
