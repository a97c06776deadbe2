import { describe, expect, it } from '@jest/globals';
import { Harness } from '../support/harness.js';
import { blockedBy } from '../support/locks.js';
import { gateAt } from './support/gate.js';
import { idsOf, insertExpired, insertLive, recordDeletes } from './support/rows.js';

describe('sweep()', () => {
  const harness = Harness.use();

  async function sweeper(batchSize?: number) {
    const tableName = harness.table();
    const options = batchSize === undefined ? false : { batchSize };
    return { tableName, ...(await harness.startStore({ tableName, cleanup: options })) };
  }

  it('deletes what has expired, and nothing else', async () => {
    const { tableName, cleanup } = await sweeper();
    await insertExpired(harness, tableName, 5);
    await insertLive(harness, tableName);
    expect(cleanup.lastSweep).toBeUndefined();
    const before = Date.now();
    const report = await cleanup.sweep();
    expect(cleanup.lastSweep).toEqual({ ...report, startedAt: expect.any(Date) });
    expect(cleanup.lastSweep?.startedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(report).toEqual({
      deleted: 5,
      batches: expect.any(Number),
      skipped: false,
      durationMs: expect.any(Number),
    });
    expect(report.durationMs).toBeGreaterThan(0);
    expect(await idsOf(harness, tableName)).toEqual(['lasting', 'live']);
  });

  it('deletes in batches, the oldest first', async () => {
    const { tableName, cleanup } = await sweeper(10);
    await insertExpired(harness, tableName, 95);
    await insertLive(harness, tableName);
    const deletions = await recordDeletes(harness, tableName);
    expect(await cleanup.sweep()).toMatchObject({ deleted: 95, batches: 10, skipped: false });

    const book = await deletions();
    const batches = [...new Set(book.map(({ batch }) => batch))].map((batch) =>
      book.filter((row) => row.batch === batch).map((row) => row.expires_at.getTime()),
    );
    expect(batches.map(({ length }) => length)).toEqual([...Array<number>(9).fill(10), 5]);
    for (const [n, later] of batches.slice(1).entries()) {
      expect(Math.max(...batches[n])).toBeLessThan(Math.min(...later));
    }
    expect(await idsOf(harness, tableName)).toEqual(['lasting', 'live']);
  });

  it('ends where the rows end, also at the border of a batch', async () => {
    const { tableName, cleanup } = await sweeper(10);
    await insertExpired(harness, tableName, 20);
    expect(await cleanup.sweep()).toMatchObject({ deleted: 20, skipped: false });
    expect(await cleanup.sweep()).toMatchObject({ deleted: 0, skipped: false });
  });

  it('deletes a thousand rows a batch by default', async () => {
    const { tableName, cleanup } = await sweeper();
    await insertExpired(harness, tableName, 1_500);
    expect(await cleanup.sweep()).toMatchObject({ deleted: 1_500, batches: 2 });
  });

  it('leaves a row that was renewed while the sweep waited for it', async () => {
    const { tableName, cleanup } = await sweeper();
    await insertExpired(harness, tableName, 3);
    const writer = await harness.connect();
    await writer.query('BEGIN');
    await writer.query(
      `UPDATE ${tableName} SET expires_at = now() + interval '1 h' WHERE id = 'gone2'`,
    );
    const sweeping = Promise.allSettled([cleanup.sweep()]);
    const { query } = await blockedBy(harness, writer);
    await writer.query('COMMIT');
    // It may have given way to the writer meanwhile.
    await sweeping;
    expect(query).not.toMatch(/\bFOR\s+(NO\s+KEY\s+)?UPDATE\b/i);
    expect(await idsOf(harness, tableName)).toContain('gone2');
    await cleanup.sweep();
    expect(await idsOf(harness, tableName)).toEqual(['gone2']);
  });

  it('is not needed for an expired entry to be gone', async () => {
    const { tableName, store } = await sweeper();
    await insertExpired(harness, tableName, 1);
    expect(await store.get('gone1')).toBeUndefined();
    expect(await idsOf(harness, tableName)).toEqual(['gone1']);
  });

  it('does not hold up the store’s other calls while it waits', async () => {
    const { tableName, store, cleanup } = await sweeper();
    await insertExpired(harness, tableName, 1);
    const gate = await gateAt(harness, tableName, 'gone1');
    const sweeping = cleanup.sweep();
    await gate.reached();
    await store.set('key', 'value');
    expect(await store.get('key')).toEqual(Buffer.from('value'));
    await gate.open();
    expect(await sweeping).toMatchObject({ deleted: 1 });
  });
});
