/**
 * `infra add redis` on every host app, byte by byte: the files it changes and adds, what it prints, that a second
 * run finds nothing to do, and that `remove` gives back the tree as it was. The command of `update-goldens.mjs`
 * records the goldens anew.
 */
import { rmSync } from 'node:fs';
import { applyPatch } from 'diff';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { paxx } from './support/cli.ts';
import { changedFiles, contents, copyHost, snapshot, traces, type Snapshot } from './support/files.ts';
import {
  CASES,
  isTarball,
  outline,
  readGolden,
  removeStrayGoldens,
  strayGoldens,
  writeGolden,
  type Golden,
  type GoldenCase,
} from './support/golden.ts';

const UPDATE = process.env['PAXX_UPDATE_GOLDENS'] === '1';

const LEDGER = '.paxx/ledger.json';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

beforeAll(() => {
  if (UPDATE) removeStrayGoldens();
});

test('every golden has its case', () => {
  expect(strayGoldens()).toEqual([]);
});

describe.each(CASES)('$host, $variant', (golden) => {
  test('adds what the golden holds, once, and takes it out again', async () => {
    const folder = copyHost(golden.host);
    folders.push(folder);
    const original = snapshot(folder);

    const planned = await planOnly(folder, golden);
    expect(traces(snapshot(folder))).toEqual(traces(original));

    const added = await paxx(folder, ...addOf(golden));
    expect(added.err).toBe('');
    expect(added.code).toBe(0);
    const after = snapshot(folder);
    const changed = changedFiles(original, after);
    expectModesKept(original, after);
    expectPlanned(planned, original, changed);
    expectGolden(golden, { output: added.out, files: changed });

    await expectIntact(folder, [...changed.keys()]);
    await expectNothingToDo(folder, golden, after);

    const removed = await paxx(folder, 'infra', 'remove', 'redis', '--yes', '--no-install');
    expect([removed.code, removed.err]).toEqual([0, '']);
    expect(contents(snapshot(folder))).toEqual(contents(original));
  });
});

interface PlannedOperation {
  readonly path: string;
  readonly kind: string;
  readonly diff?: string;
}

function addOf({ options }: GoldenCase): readonly string[] {
  return ['infra', 'add', 'redis', '--yes', '--no-install', ...options];
}

async function planOnly(folder: string, golden: GoldenCase): Promise<readonly PlannedOperation[]> {
  const { code, out, err } = await paxx(folder, ...addOf(golden), '--dry-run', '--json');
  expect([code, err]).toEqual([0, '']);
  const document = JSON.parse(out) as { result: string; conflicts: unknown[]; operations: PlannedOperation[] };
  expect(document).toMatchObject({ result: 'dry-run', component: 'redis', conflicts: [] });
  return document.operations;
}

/** The diffs of the dry run, applied to what was there, are what was then written. */
function expectPlanned(
  operations: readonly PlannedOperation[],
  original: Snapshot,
  changed: ReadonlyMap<string, Buffer>,
): void {
  const writing = operations.filter(({ kind }) => kind !== 'unchanged');
  expect(writing.map((operation) => operation.path).toSorted()).toEqual([...changed.keys()].toSorted());
  for (const { path, kind, diff } of writing) {
    const before = original.get(path)?.bytes.toString('utf8');
    expect(kind, path).toBe(before === undefined ? 'create' : 'edit');
    // Not shown: the one repeats the other diffs, the other is no text.
    if (path === LEDGER || isTarball(path)) continue;
    const text = applyPatch(before ?? '', diff ?? '', { autoConvertLineEndings: false });
    expect(text, path).toBe(changed.get(path)!.toString('utf8'));
  }
}

function expectModesKept(before: Snapshot, after: Snapshot): void {
  const modes = (files: Snapshot): [string, number | undefined][] =>
    [...before.keys()].map((path) => [path, files.get(path)?.mode]);
  expect(modes(after)).toEqual(modes(before));
}

function expectGolden(golden: GoldenCase, { output, files }: Golden): void {
  expect(files.has(LEDGER)).toBe(true);
  const outlined: Golden = {
    output,
    files: new Map([...files].map(([name, bytes]) => [name, outline(name, bytes)])),
  };
  if (UPDATE) writeGolden(golden, outlined);
  const expected = readGolden(golden);
  expect(texts(outlined.files)).toEqual(texts(expected.files));
  expect(output).toBe(expected.output);
}

async function expectIntact(folder: string, changed: readonly string[]): Promise<void> {
  const { code, out } = await paxx(folder, 'infra', 'status', '--json');
  const { files, pending } = JSON.parse(out) as { pending: boolean; files: { path: string; state: string }[] };
  expect({ code, pending }).toEqual({ code: 0, pending: false });
  const states = changed.filter((path) => path !== LEDGER).map((path) => [path, 'intact']);
  expect(files.map(({ path, state }) => [path, state]).toSorted()).toEqual(states.toSorted());
}

async function expectNothingToDo(folder: string, golden: GoldenCase, after: Snapshot): Promise<void> {
  const again = await paxx(folder, ...addOf(golden));
  expect([again.code, again.err]).toEqual([0, '']);
  expect(again.out).toMatch(/^redis is in \S+ already; nothing to change\.\n/);
  expect(traces(snapshot(folder))).toEqual(traces(after));
}

function texts(files: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, bytes.toString('utf8')]).toSorted());
}
