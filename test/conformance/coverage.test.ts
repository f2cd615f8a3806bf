/** Each command that has a handler stands in a conformance row, so a command that no row ever sends fails the build. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { handlers } from '../../src/server/commands/index.ts';

/** No reply of their own that a row could compare; tests in test/server hit them. */
const HIT_ELSEWHERE = new Set([
  'shutdown',
  'monitor',
  'psync',
  'sync',
  'replconf',
  'failover',
  'bgrewriteaof',
  'restore-asking',
]);

it('every handled command is sent by a row', () => {
  const folder = new URL('.', import.meta.url);
  const text = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'))
    .join('\n');
  // A command line opens a string; in array form its words are strings of their own.
  const sent = new Set<string>();
  for (const [, first, second] of text.matchAll(/['"`]([a-zA-Z_-]+)(?:['"`]?,? ['"`]?([a-zA-Z-]+))?/g)) {
    sent.add(first!.toLowerCase());
    if (second !== undefined) sent.add(`${first}|${second}`.toLowerCase());
  }
  const missing = Object.keys(handlers).filter((name) => !sent.has(name) && !HIT_ELSEWHERE.has(name));
  expect(missing).toEqual([]);
});
