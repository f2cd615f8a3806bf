/** Every tree of fixtures/settings, run twice, byte by byte. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compilerRequests } from '../../src/cli/editors/typescript/compiler.ts';
import type { Host } from '../../src/cli/hosts/host.ts';
import { planSettings, type SettingsResult } from '../../src/cli/settings/index.ts';
import { filesIn, memoryTree } from '../support/memory-tree.ts';
import { hostWith, REDIS_URL } from './host.ts';
import { withoutSplices } from './splices.ts';

const folder = fileURLToPath(new URL('../../fixtures/settings/', import.meta.url));

interface Case {
  readonly host?: Partial<Host>;
  readonly path?: string;
  /** Part of the result: status, dialect, access, candidates, an edit's conflict. */
  readonly result: object;
}

describe('settings dialects', () => {
  test.each(readdirSync(folder))('%s', async (name) => {
    const { host = {}, path, result } = JSON.parse(readFileSync(`${folder}${name}/case.json`, 'utf8')) as Case;
    const before = filesIn(`${folder}${name}/before`);
    const expected = existsSync(`${folder}${name}/expected`) ? filesIn(`${folder}${name}/expected`) : {};
    const plan = (files: Record<string, string>) =>
      planSettings({
        tree: memoryTree(files),
        host: hostWith(host),
        variable: REDIS_URL,
        ...(path === undefined ? {} : { path }),
      });

    const first = await plan(before);
    expect(first).toMatchObject(result);
    expect(textsOf(first)).toEqual(expected);
    for (const edit of editsOf(first)) {
      if (edit.outcome.status === 'changed' && edit.created !== true) {
        expect(withoutSplices(edit.outcome)).toBe(before[edit.path]);
      }
    }

    if (!editsOf(first).every((edit) => edit.outcome.status !== 'conflict')) return;
    const requests = compilerRequests();
    const second = await plan({ ...before, ...expected });
    expect(textsOf(second)).toEqual({});
    expect(compilerRequests()).toBe(requests);
    if (first.status !== 'ambiguous') expect(second).toMatchObject({ access: first.access });
  });
});

function editsOf(result: SettingsResult) {
  return result.status === 'ambiguous' ? [] : result.edits;
}

function textsOf(result: SettingsResult): Record<string, string> {
  const changed = editsOf(result).flatMap(({ path, outcome }) =>
    outcome.status === 'changed' ? [[path, outcome.text]] : [],
  );
  return Object.fromEntries(changed) as Record<string, string>;
}
