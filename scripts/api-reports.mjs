// Holds the public face of the package: docs/api has a report for each entry, which has to say what the built types
// say. With --write, writes the reports.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('../', import.meta.url));
const packageJson = join(root, 'package.json');
const { name, exports } = JSON.parse(await readFile(packageJson, 'utf8'));
const localBuild = process.argv.includes('--write');
const reportFolder = join(root, 'docs/api');
const reportTempFolder = await mkdtemp(join(tmpdir(), 'api-reports-'));

try {
  await mkdir(reportFolder, { recursive: true });
  for (const [entry, { import: form }] of Object.entries(exports)) {
    if (form !== undefined) report(entry, form.types);
  }
} finally {
  await rm(reportTempFolder, { recursive: true, force: true });
}

function report(entry, types) {
  const reportFileName = `${entry === '.' ? name : entry.replace('./', '')}.api.md`;
  const none = { logLevel: 'none', addToApiReportFile: false };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: join(root, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName,
        reportFolder,
        reportTempFolder,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        compilerMessageReporting: { default: none },
        extractorMessageReporting: { default: none },
        tsdocMessageReporting: { default: none },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: packageJson,
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild,
    messageCallback: (message) => (message.handled = true),
  });
  if (apiReportChanged && !localBuild) {
    console.error(
      `docs/api/${reportFileName} is not what is public: run npm run api, and look at the difference`,
    );
    process.exitCode = 1;
  }
}
