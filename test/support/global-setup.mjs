// Jest loads this file natively, before its own transforms; the hooks let it import TypeScript.
import '../../scripts/typescript.mjs';

export default async function globalSetup() {
  const { provideDatabase } = await import('./database-choice.ts');
  const { connectionString, source, release } = await provideDatabase();
  console.log(`\nTests use ${source}`);
  // Workers inherit the environment; `createTestDatabase` reads it there.
  process.env.TEST_DATABASE_URL = connectionString;
  globalThis.releaseTestDatabase = release;
}
