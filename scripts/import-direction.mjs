// Imports inside lib/ run one way: module → store → batching and sql; adapters and testing stand on
// the public interfaces, and the core knows neither. Fails where an import runs back.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIB = fileURLToPath(new URL('../lib', import.meta.url));

const MODULE_FILES = /^index\.ts$|\.(module|module-definition|providers)\.ts$|^decorators\//;
const PUBLIC_FILES = /^index\.ts$|^interfaces\/|\.(errors|constants)\.ts$|^decorators\//;

/** `from` and `to` test paths inside lib/, or the name of a package; `except` lifts the rule. */
const FORBIDDEN = [
  {
    rule: 'batching knows nothing but calls and errors',
    from: /^batching\//,
    to: /./,
    except: /^batching\/|^interfaces\/|\.errors\.ts$|^node:/,
  },
  {
    rule: 'sql knows neither Nest, nor the store, nor how calls are gathered',
    from: /^sql\//,
    to: /^@nestjs\/|^batching\/|^adapters\/|^testing\/|\.(store|service)\.ts$/,
  },
  {
    rule: 'only the module, and what stands on the public face, imports module files',
    from: /./,
    to: MODULE_FILES,
    unlessFrom: new RegExp(`${MODULE_FILES.source}|^adapters/|^testing/`),
  },
  {
    rule: 'the core imports neither adapters nor testing',
    from: /./,
    to: /^(adapters|testing)\//,
    unlessFrom: /^(adapters|testing)\//,
  },
  {
    rule: 'adapters and testing use the public interfaces only',
    from: /^(adapters|testing)\//,
    to: /^[^@].*\.ts$/,
    except: new RegExp(`^(adapters|testing)/|${PUBLIC_FILES.source}`),
  },
];

const breaches = sources().flatMap(({ file, imports }) =>
  imports.flatMap((to) =>
    FORBIDDEN.filter(
      ({ from, to: target, except, unlessFrom }) =>
        from.test(file) && target.test(to) && !except?.test(to) && !unlessFrom?.test(file),
    ).map(({ rule }) => `lib/${file} imports ${to}: ${rule}`),
  ),
);
for (const breach of breaches) console.error(breach);
process.exitCode = breaches.length > 0 ? 1 : 0;

function sources() {
  return readdirSync(LIB, { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const file = path.split(sep).join('/');
      return { file, imports: importsOf(file) };
    });
}

function importsOf(file) {
  const text = readFileSync(join(LIB, file), 'utf8');
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)];
  return specifiers.map(([, specifier]) =>
    specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
      : specifier,
  );
}
