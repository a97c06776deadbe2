import { expect, it } from '@jest/globals';
import type { PostgresSessionStore } from '../../../lib/index.js';
import { waitFor } from '../../support/conditions.js';
import type { Harness } from '../../support/harness.js';
import type { Gate } from './gate.js';
import type { Visitor } from './visitor.js';

interface SignOutSite {
  url: string;
  store: PostgresSessionStore;
  visitor: () => Visitor;
}

/** Two processes on one table: one whose late paths wait at the gate, one that ends sessions meanwhile. */
export interface SignOutSites {
  tableName: string;
  gate: Gate;
  here: SignOutSite;
  there: SignOutSite;
}

type Ending = [how: string, end: (sites: SignOutSites, visitor: Visitor) => unknown];

/**
 * Declares the tests that a session which is ended while a request to one of these paths is under way stays ended.
 * The sites have `/sign-in` (as ada), `/who` and `/sign-out`.
 */
export function itIsFinal(
  harness: Harness,
  latePaths: readonly string[],
  sites: () => SignOutSites,
): void {
  const endings: Ending[] = [
    [
      'session.destroy() in another process',
      ({ there }, visitor) => visitor.twin(there.url).get('/sign-out'),
    ],
    ['deleteOwner in another process', ({ there }) => there.store.deleteOwner('ada')],
    [
      'expiry and sweep',
      async ({ tableName }, { sid }) => {
        await harness.sql(`UPDATE ${tableName} SET expires_at = now() - interval '1 s'`);
        await harness.sql(`DELETE FROM ${tableName} WHERE id = 'sess:' || $1`, [sid]);
      },
    ],
  ];

  it.each(latePaths.flatMap((path) => endings.map((ending) => [path, ...ending] as const)))(
    'while %s is under way, ended by %s',
    async (path, _, end) => {
      const { tableName, gate, here } = sites();
      const ids = async (): Promise<string[]> => {
        const rows = await harness.sql<{ id: string }>(`SELECT id FROM ${tableName}`);
        return rows.map(({ id }) => id);
      };
      const visitor = here.visitor();
      await visitor.get('/sign-in');
      expect((await visitor.get('/who')).text).toBe('ada');
      const request = visitor.twin().get(path);
      await gate.entered;
      await end(sites(), visitor);
      await waitFor(async () => (await ids()).length === 0, { what: 'the end of the session' });
      gate.open();
      await request;
      expect((await visitor.twin().get('/who')).text).toBe('nobody');
      expect(await ids()).not.toContain(`sess:${visitor.sid}`);
    },
  );
}
