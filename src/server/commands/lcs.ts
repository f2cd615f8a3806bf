// LCS: the longest common subsequence of two strings, its length, or where it matches.

import type { Call } from '../dispatch/call.ts';
import type { Handlers } from '../dispatch/registry.ts';
import { CommandError, SYNTAX_ERROR } from '../errors.ts';
import type { Reply } from '../reply/reply.ts';

export const lcsHandlers = { lcs } satisfies Handlers;

interface Match {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

function lcs(call: Call): void {
  const { reply } = call;
  let wantLength = false;
  let wantIndexes = false;
  let withLength = false;
  let minimum = 0;
  const a = operand(call, 1);
  const b = operand(call, 2);
  for (let i = 3; i < call.argc; i++) {
    if (call.is(i, 'idx')) wantIndexes = true;
    else if (call.is(i, 'len')) wantLength = true;
    else if (call.is(i, 'withmatchlen')) withLength = true;
    else if (call.is(i, 'minmatchlen') && i + 1 < call.argc) minimum = Math.max(0, call.integer(++i));
    else throw SYNTAX_ERROR;
  }
  if (wantIndexes && wantLength) {
    throw new CommandError('ERR If you want both the length and indexes, please just use IDX.');
  }
  const table = lengths(a, b);
  const total = table[table.length - 1]!;
  if (wantLength) return reply.integer(total);
  const { matches, text } = trace(a, b, table);
  if (!wantIndexes) return reply.bulk(text);
  writeMatches(
    reply,
    matches.filter((match) => match.aEnd - match.aStart + 1 >= minimum),
    withLength,
  );
  reply.bulk('len');
  reply.integer(total);
}

function operand(call: Call, i: number): string {
  const slot = call.read(i);
  if (slot < 0) return '';
  if (!call.db.isString(slot)) throw new CommandError('ERR The specified keys must contain string values');
  return call.db.text(slot);
}

/** Lengths of the common subsequences of all pairs of prefixes, row by row. */
function lengths(a: string, b: string): Uint32Array {
  const width = b.length + 1;
  if ((a.length + 1) * width > 2 ** 29) {
    throw new CommandError('ERR Insufficient memory, failed allocating transient memory for LCS');
  }
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const at = i * width + j;
      table[at] =
        a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
          ? table[at - width - 1]! + 1
          : Math.max(table[at - width]!, table[at - 1]!);
    }
  }
  return table;
}

/** Walk back from the end; runs of matches that continue on both sides make one range, last range first. */
function trace(a: string, b: string, table: Uint32Array): { matches: Match[]; text: string } {
  const width = b.length + 1;
  const matches: Match[] = [];
  const letters: string[] = [];
  let open: { aStart: number; aEnd: number; bStart: number; bEnd: number } | undefined;
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a.charCodeAt(i - 1) === b.charCodeAt(j - 1)) {
      letters.push(a[i - 1]!);
      if (open !== undefined && open.aStart === i && open.bStart === j) {
        open.aStart--;
        open.bStart--;
      } else {
        if (open !== undefined) matches.push(open);
        open = { aStart: i - 1, aEnd: i - 1, bStart: j - 1, bEnd: j - 1 };
      }
      i--;
      j--;
    } else if (table[(i - 1) * width + j]! > table[i * width + j - 1]!) {
      i--;
    } else {
      j--;
    }
  }
  if (open !== undefined) matches.push(open);
  return { matches, text: letters.toReversed().join('') };
}

function writeMatches(reply: Reply, matches: readonly Match[], withLength: boolean): void {
  reply.map(2);
  reply.bulk('matches');
  reply.array(matches.length);
  for (const { aStart, aEnd, bStart, bEnd } of matches) {
    reply.array(withLength ? 3 : 2);
    reply.array(2);
    reply.integer(aStart);
    reply.integer(aEnd);
    reply.array(2);
    reply.integer(bStart);
    reply.integer(bEnd);
    if (withLength) reply.integer(aEnd - aStart + 1);
  }
}
