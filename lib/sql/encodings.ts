/**
 * SQL for the character that sorts last in a database of this encoding. It is made there, since most encodings
 * have no character in that place that could be sent.
 */
export function lastCharacter(encoding: string): string {
  if (encoding === 'UTF8') {
    return 'chr(1114111)';
  }
  return encoding.startsWith('EUC_')
    ? `convert_from(decode('fefe', 'hex'), '${encoding}')`
    : 'chr(255)';
}

/** Whether text of this encoding sorts as it does in UTF-8, so that keys can be compared here. */
export function sortsAsUtf8(encoding: string): boolean {
  return encoding === 'UTF8' || encoding === 'SQL_ASCII' || encoding === 'LATIN1';
}
