/** src/server/COMMANDS.md says what there is: every command of Redis 7.0, and what later versions brought. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandList } from '../support/command-list.ts';

const page = new URL('../../src/server/COMMANDS.md', import.meta.url);

test('the page of commands is current', () => {
  if (process.env['PAXX_UPDATE_COMMANDS'] === '1') writeFileSync(page, commandList());
  expect(readFileSync(page, 'utf8')).toBe(commandList());
});

test('no command of Redis 7.0 is missing', () => {
  expect(commandList()).not.toContain('not served');
});
