import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { formsIn, secret } from './support/secrets.js';

const canary = secret('canary');

describe('the search for a secret in what was exported', () => {
  it.each([
    ['as text', `{"key":"${canary}"}`, 'text'],
    ['in hex', `\\x00${Buffer.from(canary).toString('hex')}00`, 'hex'],
    ['as a buffer in JSON', JSON.stringify(Buffer.from(`a${canary}b`)), 'numbers'],
    ['as Node shows a buffer', inspect(Buffer.from(`a${canary}`)), 'hex in pairs'],
    ['in base64', Buffer.from(`${canary}b`).toString('base64'), 'base64 (0)'],
    ['in base64 behind a byte', Buffer.from(`a${canary}b`).toString('base64'), 'base64 (1)'],
    ['in base64 behind two bytes', Buffer.from(`aa${canary}`).toString('base64'), 'base64 (2)'],
  ])('finds it %s', (_, exported, form) => {
    expect(formsIn(Buffer.from(exported), canary)).toEqual([form]);
  });

  it('finds no other secret', () => {
    expect(formsIn(Buffer.from(canary), secret('canary'))).toEqual([]);
  });
});
