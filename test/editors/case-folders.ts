/** Runs an editor over the case folders of a format, and holds it to the rules that every editor has. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { applySplices } from '../../src/cli/editors/outcome.ts';
import type { Changed, Outcome } from '../../src/cli/editors/outcome.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/editors/', import.meta.url));

export interface CaseFormat<Wish> {
  /** Folder under `fixtures/editors`. */
  readonly format: string;
  /** Of `before` and `expected`: `.json`, `.env`. */
  readonly ending: string;
  /** Used where the case has no `wish.json`. */
  readonly wish: Wish;
  readonly edit: (text: string, wish: Wish) => Outcome;
  /** Checks of the format's own on a change, such as reading it with a second parser. */
  readonly check?: (before: string, after: string, wish: Wish) => void;
}

/**
 * One test for each folder: `before` and `expected`, or `outcome.json` with the facts of an outcome
 * that changes nothing. Every change is made twice, and its splices are undone.
 */
export function describeCases<Wish>(format: CaseFormat<Wish>): void {
  const folder = join(FIXTURES, format.format);
  describe(`${format.format} cases`, () => {
    test.each(readdirSync(folder))('%s', (name) => {
      const file = (base: string) => join(folder, name, base);
      const before = readFileSync(file(`before${format.ending}`), 'utf8');
      const wish = existsSync(file('wish.json'))
        ? (JSON.parse(readFileSync(file('wish.json'), 'utf8')) as Wish)
        : format.wish;
      const outcome = format.edit(before, wish);
      if (existsSync(file('outcome.json'))) {
        expect(outcome).toMatchObject(JSON.parse(readFileSync(file('outcome.json'), 'utf8')) as object);
        expect(existsSync(file(`expected${format.ending}`))).toBe(false);
        return;
      }
      const expected = readFileSync(file(`expected${format.ending}`), 'utf8');
      expect(outcome).toMatchObject({ status: 'changed' });
      const change = outcome as Changed;
      expect(change.text).toBe(expected);
      expect(change.notes.length).toBeGreaterThan(0);
      expect(applySplices(before, change.splices)).toBe(change.text);
      expect(undo(before, change)).toBe(before);
      expect(format.edit(change.text, wish)).toMatchObject({ status: 'unchanged' });
      format.check?.(before, change.text, wish);
    });
  });
}

/** Take the splices out of the edited text again, as `remove` does. */
export function undo(before: string, change: Changed): string {
  let text = change.text;
  for (const { start, end, text: added } of change.splices) {
    const old = before.slice(start, end);
    expect(old.trim(), 'only white space may give way').toBe('');
    text = text.slice(0, start) + old + text.slice(start + added.length);
  }
  return text;
}
