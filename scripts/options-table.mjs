// Writes the table of options in README.md from the options themselves. With --check, fails if it differs.
import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

const README = new URL('../README.md', import.meta.url);
const { OPTIONS } = await import('../dist/esm/postgres-session.options.js');

const rows = Object.entries(OPTIONS).map(
  ([name, { meaning, byDefault }]) => `| \`${name}\` | ${meaning} | ${byDefault} |`,
);
const table = ['| option | meaning | default |', '| - | - | - |', ...rows].join('\n');
const before = await readFile(README, 'utf8');
const after = await format(
  before.replace(
    /<!-- options -->[^]*<!-- \/options -->/,
    `<!-- options -->\n\n${table}\n\n<!-- /options -->`,
  ),
  { ...(await resolveConfig(README)), filepath: 'README.md' },
);
if (!process.argv.includes('--check')) {
  await writeFile(README, after);
} else if (after !== before) {
  console.error('README.md: the table of options is not that of lib: run `npm run format`');
  process.exitCode = 1;
}
