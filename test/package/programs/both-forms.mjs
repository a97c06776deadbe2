// Loads both forms of the package and uses them beside each other: the module of one form registers the stores,
// the classes and tokens of the other ask for them. Arguments: which form is loaded first, which one registers, and
// perhaps an entry whose other form is loaded before all.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { types } from 'node:util';
import { Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const load = {
  import: (entry = '') => import(`nestjs-postgres-session${entry}`),
  require: (entry = '') => createRequire(import.meta.url)(`nestjs-postgres-session${entry}`),
};
const [first, registering, before] = process.argv.slice(2);
const other = { import: 'require', require: 'import' };
if (before !== undefined) await load[other[first]](before);
const forms = {};
for (const form of [first, other[first]]) forms[form] = await load[form]();
assert(types.isModuleNamespaceObject(forms.import));
assert(!types.isModuleNamespaceObject(forms.require));
const [ours, theirs] = [forms[registering], forms[other[registering]]];

const options = { connection: process.env.DATABASE_URL, cleanup: false };

class Consumer {
  constructor(store, second, pool, cleanup) {
    Object.assign(this, { store, second, pool, cleanup });
  }
}
const tokens = [
  theirs.PostgresSessionStore,
  theirs.getSessionStoreToken('second'),
  theirs.getSessionPoolToken(),
  theirs.PostgresSessionCleanupService,
];
for (const [index, token] of tokens.entries()) Inject(token)(Consumer, undefined, index);

/** Hands on what it imports, by the other form's name of it. */
class Stores {}
Module({
  imports: [ours.PostgresSessionModule.forRoot(options)],
  exports: [theirs.PostgresSessionModule],
})(Stores);

class AppModule {}
Module({
  imports: [
    Stores,
    ours.PostgresSessionModule.forRoot({
      ...options,
      name: 'second',
      tableName: 'second_sessions',
    }),
  ],
  providers: [Consumer],
})(AppModule);

const app = await start(AppModule);
const { store, second, pool, cleanup } = app.get(Consumer);
assert(store instanceof theirs.PostgresSessionStore);
assert(store instanceof ours.PostgresSessionStore);

await store.deletePrefix('');
// Calls of every kind: in batches, alone, in transactions, in pages.
const keys = Array.from({ length: 20 }, (_, at) => `a:${at}`);
await store.setMany(
  keys.map((key) => [key, key]),
  { owner: 'ada' },
);
assert.equal((await Promise.all([store.get('a:1'), store.get('a:2')])).join(), 'a:1,a:2');
assert.equal(await store.increment('count'), 1);
assert.equal(String(await store.update('a:3', () => 'three')), 'three');
assert.deepEqual(await collect(store.scan('a:')), keys.toSorted());
assert.equal(await store.namespace('a:').deleteOwner('ada', { except: ['1'] }), 19);
await store.deletePrefix('a:');
assert.equal(await store.get('a:1'), undefined);
await second.set('late', '', { ttl: 1 });
assert.equal((await cleanup.sweep()).skipped, false);
assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, [{ one: 1 }]);

await app.close();
const refused = await store.get('a:1').catch((error) => error);
assert.equal(refused.code, 'ERR_STORE_CLOSED');
for (const { PostgresSessionError } of [ours, theirs])
  assert(refused instanceof PostgresSessionError);

for (const [thrower, catcher] of [
  [ours, theirs],
  [theirs, ours],
]) {
  const { PostgresSessionError } = catcher;
  assert.throws(() => thrower.PostgresSessionModule.forRoot({ name: '' }), PostgresSessionError);
  assert.throws(() => thrower.getSessionSchemaSql({ tableName: '!' }), PostgresSessionError);
  assert(!(new Error('a stranger') instanceof PostgresSessionError));
}

for (const form of ['import', 'require']) {
  const { overrideSessionStore } = await load[form]('/testing');
  const overridden = [];
  overrideSessionStore({
    overrideProvider: (token) => ({ useValue: () => overridden.push(token) }),
  });
  assert(overridden.includes(ours.PostgresSessionStore));
  assert(overridden.includes(theirs.PostgresSessionCleanupService));
}

class Twice {}
Module({
  imports: [ours, theirs].map((form) => form.PostgresSessionModule.forRoot(options)),
})(Twice);
await assert.rejects(start(Twice), { code: 'ERR_DUPLICATE_NAME' });
console.log('both forms work');

function start(module) {
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}

async function collect(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}
