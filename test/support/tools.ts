import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';

/** Debian keeps some programs off an ordinary user's PATH. */
const FURTHER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', ...debianPostgresFolders()];

/** Where a program of the machine is; undefined when it is not installed. */
export function toolPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...FURTHER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/**
 * A `describe` for tests that need programs of the machine, which it gets as `name → path`.
 * Without one of them the tests are skipped and say why; with REQUIRE_TOOLS=1 that is a failure.
 */
export function describeWithTools<Name extends string>(
  title: string,
  names: readonly Name[],
  tests: (paths: Record<Name, string>) => void,
): void {
  const paths = Object.fromEntries(names.map((name) => [name, toolPath(name) ?? '']));
  const absent = names.filter((name) => !paths[name]);
  if (absent.length === 0) {
    describe(title, () => tests(paths as Record<Name, string>));
    return;
  }
  const reason = `not installed: ${absent.join(', ')}`;
  if (process.env.REQUIRE_TOOLS === '1') throw new Error(`${title}: ${reason}`);
  describe.skip(`${title} (${reason})`, () => tests(paths as Record<Name, string>));
}

function debianPostgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  try {
    const newestFirst = readdirSync(base).toSorted((a, b) => Number(b) - Number(a));
    return newestFirst.map((version) => join(base, version, 'bin'));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
