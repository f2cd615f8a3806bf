// `notify-keyspace-events`: letters for the classes of events and for the two channels that carry them.

import * as effects from '../keyspace/effects.ts';
import { InvalidValue } from './kinds.ts';

export const NOTIFY_KEYSPACE = 1;
export const NOTIFY_KEYEVENT = 2;

const LETTERS: Readonly<Record<string, number>> = {
  g: effects.EVENT_GENERIC,
  $: effects.EVENT_STRING,
  l: effects.EVENT_LIST,
  s: effects.EVENT_SET,
  h: effects.EVENT_HASH,
  z: effects.EVENT_ZSET,
  x: effects.EVENT_EXPIRED,
  e: effects.EVENT_EVICTED,
  t: effects.EVENT_STREAM,
  d: effects.EVENT_MODULE,
  n: effects.EVENT_NEW,
};
/** All classes but new keys and missed ones, which have to be asked for. */
const ALL = Object.entries(LETTERS).reduce((bits, [letter, bit]) => (letter === 'n' ? bits : bits | bit), 0);

/** Throws InvalidValue for an unknown letter. */
export function parseEventClasses(letters: string): number {
  let bits = 0;
  for (const letter of letters) {
    const bit =
      letter === 'A'
        ? ALL
        : letter === 'K'
          ? NOTIFY_KEYSPACE
          : letter === 'E'
            ? NOTIFY_KEYEVENT
            : letter === 'm'
              ? effects.EVENT_KEY_MISS
              : LETTERS[letter];
    if (bit === undefined) throw new InvalidValue("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    bits |= bit;
  }
  return bits;
}

/** In Redis' order; where all classes are on it says `A`, and new keys go unmentioned. */
export function formatEventClasses(bits: number): string {
  let letters = '';
  if ((bits & ALL) === ALL) letters = 'A';
  else for (const [letter, bit] of Object.entries(LETTERS)) if ((bits & bit) !== 0) letters += letter;
  if ((bits & NOTIFY_KEYSPACE) !== 0) letters += 'K';
  if ((bits & NOTIFY_KEYEVENT) !== 0) letters += 'E';
  if ((bits & effects.EVENT_KEY_MISS) !== 0) letters += 'm';
  return letters;
}
