/** Every folder of fixtures/editors/compose: the bytes expected, a second run that changes nothing, the same meaning. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll, CORE_SCHEMA, mergeTag } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { addRedis } from '../../src/cli/editors/compose/index.ts';
import type { ComposeOutcome, RedisFacts, RedisWish } from '../../src/cli/editors/compose/index.ts';
import type { Changed } from '../../src/cli/editors/outcome.ts';

const folder = fileURLToPath(new URL('../../fixtures/editors/compose/', import.meta.url));
const cases = readdirSync(folder).toSorted();

interface Expected {
  readonly status: ComposeOutcome['status'];
  readonly code?: string;
  readonly line?: number;
  readonly facts?: RedisFacts;
}

describe('compose cases', () => {
  it('are many', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases)('%s', (name) => {
    const before = read(name, 'before.yaml')!;
    const wish = wishOf(name);
    const expected = JSON.parse(read(name, 'expected.json') ?? '{"status":"changed"}') as Expected;
    const outcome = addRedis(before, wish);
    expect(outcome.status, JSON.stringify(outcome)).toBe(expected.status);
    if (outcome.status === 'conflict') {
      expect({ code: outcome.code, line: outcome.line }).toEqual({ code: expected.code, line: expected.line });
      expect(outcome.hint).not.toBe('');
      expect(outcome.snippet).toContain('redis:7-alpine');
      return;
    }
    if (expected.facts) expect(outcome.facts).toEqual(expected.facts);
    if (outcome.status === 'unchanged') return;
    expect(outcome.text).toBe(read(name, 'expected.yaml'));
    expectOldBytes(before, outcome);
    expectOldMeaning(before, outcome);
    expect(addRedis(outcome.text, wish)).toMatchObject({ status: 'unchanged', facts: { reused: true } });
  });
});

function wishOf(name: string): RedisWish {
  const own = JSON.parse(read(name, 'wish.json') ?? '{}') as Partial<RedisWish>;
  return { image: 'redis:7-alpine', environment: [{ name: 'REDIS_URL', gives: 'url' }], ...own };
}

function read(name: string, file: string): string | undefined {
  const path = join(folder, name, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Cutting the inserted spans out gives the old text; what they replaced is `{}` or a null and no more. */
function expectOldBytes(before: string, { text, splices }: Changed): void {
  let restored = '';
  let at = 0;
  let shift = 0;
  for (const splice of splices) {
    const removed = before.slice(splice.start, splice.end);
    expect(removed).toMatch(/^ *(?:\{\s*\}|~|null)?$/);
    const start = splice.start + shift;
    restored += text.slice(at, start) + removed;
    at = start + splice.text.length;
    shift += splice.text.length - removed.length;
  }
  expect(restored + text.slice(at)).toBe(before);
}

/** Another parser reads every old value where it was, and one more service than before at most. */
function expectOldMeaning(before: string, { text }: Changed): void {
  const old = load(before);
  if (!old) return;
  const fresh = load(text);
  expect(fresh, 'the result is valid for a second parser').toBeDefined();
  expect(fresh).toHaveLength(Math.max(1, old.length));
  for (const [at, document] of old.entries()) expectContained(document, fresh![at]);
}

/** @returns undefined for what js-yaml does not know, such as `!reset` */
function load(text: string): unknown[] | undefined {
  try {
    return loadAll(text, { schema: CORE_SCHEMA.withTags(mergeTag) });
  } catch {
    return undefined;
  }
}

function expectContained(old: unknown, fresh: unknown): void {
  if (Array.isArray(old)) expect((fresh as unknown[]).slice(0, old.length)).toEqual(old);
  else if (typeof old === 'object' && old !== null) {
    for (const [key, value] of Object.entries(old)) expectContained(value, (fresh as Record<string, unknown>)[key]);
  } else if (old !== null && old !== undefined) expect(fresh).toEqual(old);
}
