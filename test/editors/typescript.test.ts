/** Every case of fixtures/editors/typescript, run twice, byte by byte. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compilerRequests } from '../../src/cli/editors/typescript/compiler.ts';
import { editSource, type Intention } from '../../src/cli/editors/typescript/index.ts';
import { withoutSplices } from '../settings/splices.ts';

const folder = fileURLToPath(new URL('../../fixtures/editors/typescript/', import.meta.url));

describe('TypeScript editor', () => {
  test.each(readdirSync(folder))('%s', async (name) => {
    const read = (file: string) => readFileSync(`${folder}${name}/${file}`, 'utf8');
    const beforeName = readdirSync(`${folder}${name}`).find((file) => file.startsWith('before.'))!;
    const text = read(beforeName);
    const wish = JSON.parse(read('wish.json')) as Intention[];
    const outcome = await editSource(beforeName, text, wish);

    if (existsSync(`${folder}${name}/expected.json`)) {
      expect(outcome).toMatchObject(JSON.parse(read('expected.json')) as object);
      return;
    }
    expect(outcome.status === 'changed' ? outcome.text : outcome).toBe(read(beforeName.replace('before', 'expected')));
    if (outcome.status !== 'changed') return;
    expect(withoutSplices(outcome)).toBe(text);
    const requests = compilerRequests();
    const again = await editSource(beforeName, outcome.text, wish);
    expect(again.status).toBe('unchanged');
    if (!beforeName.endsWith('x')) expect(compilerRequests()).toBe(requests);
  });
});
