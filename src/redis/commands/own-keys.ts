/** Procedures for the commands whose keys, or what happens to them, no key spec can tell. */

import type { FoundKey } from './find-keys.ts';
import type { CommandRow, KeyFlag } from './types.ts';

/** The keys by the command's own procedure; none where it has none or the call makes no sense to it. */
export function ownKeysOf(row: CommandRow, argv: readonly string[]): FoundKey[] {
  if (row.parent !== undefined) return [];
  const procedure = PROCEDURES.get(row.name);
  if (procedure !== undefined) return procedure(argv);
  const numbered = row.keySpecs.find((spec) => spec.find.type === 'keynum');
  if (numbered === undefined || numbered.begin.type !== 'index') return [];
  return countedKeys(numbered.begin.index, row.keySpecs.length > 1, argv);
}

type Procedure = (argv: readonly string[]) => FoundKey[];

const READ: readonly KeyFlag[] = ['RO', 'access'];
const OVERWRITE: readonly KeyFlag[] = ['OW', 'update'];
const CHANGE: readonly KeyFlag[] = ['RW', 'access', 'update'];
const TAKE: readonly KeyFlag[] = ['RW', 'access', 'delete'];

const PROCEDURES: ReadonlyMap<string, Procedure> = new Map([
  ['bitfield', bitfieldKeys],
  ['georadius', geoRadiusKeys],
  ['georadiusbymember', geoRadiusKeys],
  ['migrate', migrateKeys],
  ['set', setKeys],
  ['sort', sortKeys],
  ['sort_ro', sortReadOnlyKeys],
]);

function setKeys(argv: readonly string[]): FoundKey[] {
  const get = argv.slice(3).some((arg) => isWord(arg, 'GET'));
  return [{ index: 1, flags: get ? CHANGE : OVERWRITE }];
}

/** Read only as long as there is nothing but GET, and OVERFLOW between. */
function bitfieldKeys(argv: readonly string[]): FoundKey[] {
  let i = 2;
  while (i < argv.length) {
    const left = argv.length - i - 1;
    if (isWord(argv[i], 'GET') && left >= 2) i += 3;
    else if (isWord(argv[i], 'OVERFLOW') && left >= 1) i += 2;
    else return [{ index: 1, flags: CHANGE }];
  }
  return [{ index: 1, flags: READ }];
}

function sortKeys(argv: readonly string[]): FoundKey[] {
  let stored: FoundKey | undefined;
  for (let i = 2; i < argv.length; i++) {
    if (isWord(argv[i], 'LIMIT')) i += 2;
    else if (isWord(argv[i], 'GET') || isWord(argv[i], 'BY')) i += 1;
    else if (isWord(argv[i], 'STORE') && i + 1 < argv.length) stored = { index: i + 1, flags: OVERWRITE };
  }
  const sorted: FoundKey = { index: 1, flags: READ };
  return stored === undefined ? [sorted] : [sorted, stored];
}

function sortReadOnlyKeys(): FoundKey[] {
  return [{ index: 1, flags: READ }];
}

function migrateKeys(argv: readonly string[]): FoundKey[] {
  for (let i = 6; i < argv.length; i++) {
    if (isWord(argv[i], 'KEYS')) {
      if (argv[3] !== '') return [];
      return argv.slice(i + 1).map((_, n) => ({ index: i + 1 + n, flags: TAKE }));
    }
    if (isWord(argv[i], 'AUTH')) i += 1;
    else if (isWord(argv[i], 'AUTH2')) i += 2;
  }
  return [{ index: 3, flags: TAKE }];
}

/** Reached when STORE has no key behind it; what a key is used for is then left open. */
function geoRadiusKeys(argv: readonly string[]): FoundKey[] {
  const found: FoundKey[] = [{ index: 1, flags: [] }];
  for (let i = 5; i + 1 < argv.length; i++) {
    if (isWord(argv[i], 'STORE') || isWord(argv[i], 'STOREDIST')) found[1] = { index: ++i, flags: [] };
  }
  return found;
}

/** A count that is followed by other characters counts all the same here, as C's `atoi` reads it. */
function countedKeys(countIndex: number, hasDestination: boolean, argv: readonly string[]): FoundKey[] {
  const numkeys = Number.parseInt(argv[countIndex] ?? '', 10) || 0;
  if (numkeys < 1 || numkeys > argv.length - countIndex - 1) return [];
  const found: FoundKey[] = Array.from({ length: numkeys }, (_, n) => ({ index: countIndex + 1 + n, flags: [] }));
  if (hasDestination) found.push({ index: 1, flags: [] });
  return found;
}

function isWord(arg: string | undefined, word: string): boolean {
  return arg !== undefined && arg.length === word.length && arg.toUpperCase() === word;
}
