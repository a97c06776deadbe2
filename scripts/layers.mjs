// Holds the layers of lib/: a file imports from its own layer or from those before it, and only lib/protocol
// touches what the driver keeps to itself. Fails where something does not.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const LIB = fileURLToPath(new URL('../lib', import.meta.url));

/** From the bottom up. Each pattern takes the files that no earlier one took. */
const LAYERS = [
  ['utils', /^utils\/|^timings\.ts$/],
  ['interfaces', /^interfaces\/|\.errors\.ts$/],
  ['sql', /^sql\//],
  ['batching', /^batching\//],
  ['protocol', /^protocol\//],
  ['pool', /^pool\//],
  ['operations', /^operations\//],
  ['options', /\.options\.ts$|^(option-checks|connection-options)\.ts$|^schema-sql\.ts$/],
  ['lifecycle', /\.lifecycle\.ts$/],
  ['store', /^store\/|\.store\.ts$/],
  ['cleanup', /^cleanup\//],
  ['module', /\.(tokens|providers|module)\.ts$|^registration\.ts$|^decorators\/|^index\.ts$/],
  ['adapters', /^adapters\//],
  ['testing', /^testing\//],
];

/** What adapters and tools for tests import of ours is what users see, and each other. */
const PUBLIC_FACE = [
  [/^adapters\//, /^(adapters|interfaces)\/|\.(errors|tokens)\.ts$/],
  [
    /^testing\//,
    /^(testing|interfaces)\/|\.(errors|tokens)\.ts$|^index\.ts$|^store\/(arguments|call-options|key-space)\.ts$|^adapters\/given\.ts$/,
  ],
];

/** Packages that only the layers from a name on may import. */
const FIRST_USERS = [
  [/^@nestjs\//, 'lifecycle'],
  [/^pg$/, 'sql'],
];

/** Users' types name Nest's and pg's; the interfaces themselves import nothing at run time. */
const TYPES_ONLY = /^interfaces\//;

const INTERNALS =
  /\b(client\.connection|parsedStatements|submittedNamedStatements|processID|_?activeQuery|_?queryQueue|readyForQuery|attachListeners|getTransactionStatus|_clients)\b|\.stream\b/;
const MAY_USE_INTERNALS = /^protocol\//;

const faults = sources().flatMap(({ file, text }) => [
  ...importsOf(file, text).flatMap((to) => faultOf(file, to)),
  ...(INTERNALS.test(text) && !MAY_USE_INTERNALS.test(file)
    ? [`lib/${file} touches the driver's insides: only lib/protocol may`]
    : []),
]);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function faultOf(file, to) {
  if (to.endsWith('.ts')) {
    if (PUBLIC_FACE.some(([files, seen]) => files.test(file) && !seen.test(to))) {
      return [`lib/${file} imports ${to}, which is no part of the public face`];
    }
    return layerOf(to) > layerOf(file)
      ? [`lib/${file} (${nameOf(file)}) imports ${to} (${nameOf(to)}), which is above it`]
      : [];
  }
  return FIRST_USERS.filter(
    ([packages, first]) =>
      packages.test(to) && !TYPES_ONLY.test(file) && layerOf(file) < indexOf(first),
  ).map(([, first]) => `lib/${file} imports ${to}, which only ${first} and what is above it may`);
}

function layerOf(file) {
  const layer = LAYERS.findIndex(([, files]) => files.test(file));
  if (layer === -1) throw new Error(`lib/${file} belongs to no layer: see LAYERS`);
  return layer;
}

function nameOf(file) {
  return LAYERS[layerOf(file)][0];
}

function indexOf(name) {
  return LAYERS.findIndex(([layer]) => layer === name);
}

function sources() {
  return readdirSync(LIB, { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      file: path.split(sep).join('/'),
      text: readFileSync(join(LIB, path), 'utf8'),
    }));
}

function importsOf(file, text) {
  const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)];
  return specifiers.map(([, specifier]) =>
    specifier.startsWith('.')
      ? posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
      : specifier,
  );
}
