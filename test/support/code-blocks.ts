import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY, run } from './commands.js';

/** Inside the repository, so that the blocks find the package by its name. */
const SCRATCH = join(REPOSITORY, '.tmp');
const TSCONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '.', outDir: 'out', noUnusedLocals: false },
  include: ['*.ts'],
  exclude: [],
};

/** The TypeScript that a document shows, each block a file of its own, compiled against the package. */
export class CodeBlocks {
  private constructor(
    readonly text: string,
    readonly blocks: readonly string[],
    private readonly folder: string,
    /** What the compiler says of them. */
    readonly complaints: string,
  ) {}

  static async compile(document: string): Promise<CodeBlocks> {
    const text = await readFile(join(REPOSITORY, document), 'utf8');
    const blocks = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code]) => code ?? '');
    await mkdir(SCRATCH, { recursive: true });
    const folder = await mkdtemp(join(SCRATCH, 'blocks-'));
    const files = blocks.map((code, index) =>
      writeFile(join(folder, `block-${index + 1}.ts`), code),
    );
    await Promise.all([
      ...files,
      writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG)),
    ]);
    const compiler = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [compiler, '-p', '.'], { cwd: folder });
    return new CodeBlocks(text, blocks, folder, stdout);
  }

  /** The program that block 1, 2, … was compiled to. */
  program(block: number): string {
    return join(this.folder, `out/block-${block}.js`);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
