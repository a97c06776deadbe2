import { randomBytes } from 'node:crypto';

/** A text that stands nowhere else. */
export function secret(kind: string): string {
  return `${kind}-${randomBytes(12).toString('hex')}`;
}

/** The forms in which the secret stands in what was exported. */
export function formsIn(exported: Buffer, secret: string): string[] {
  return Object.entries(formsOf(secret))
    .filter(([, text]) => exported.includes(text))
    .map(([form]) => form);
}

function formsOf(secret: string): Record<string, string> {
  const bytes = Buffer.from(secret);
  return {
    text: secret,
    hex: bytes.toString('hex'),
    'hex in capitals': bytes.toString('hex').toUpperCase(),
    'hex in pairs': bytes.toString('hex').replace(/..\B/g, '$& '),
    numbers: bytes.join(','),
    ...Object.fromEntries([0, 1, 2].map((before) => [`base64 (${before})`, base64(bytes, before)])),
  };
}

/** Its base64 behind that many other bytes, less what its neighbours have a part in. */
function base64(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return encoded.slice(before === 0 ? 0 : 4, -4);
}
