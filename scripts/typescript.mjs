// Lets plain Node run the repository's TypeScript: `node --import ./scripts/typescript.mjs file.ts`.
// Node 20, which we support, does not strip types by itself.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
