import { swcOptions } from './scripts/swc-options.mjs';

/** @type {import('@jest/types').Config.InitialOptions} */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/.pgdata/', '<rootDir>/.tmp/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swcOptions] },
  // Sources import each other with the suffix of what they compile to.
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
    ...(process.env.TEST_PG === 'lowest' ? { '^pg$': 'pg-lowest' } : {}),
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testTimeout: 30_000,
  maxWorkers: 2,
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts'],
};
