// Randomness: a small seeded generator (mulberry32) for reproducible runs, and the ids that Redis makes of it.

export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const ID_LENGTH = 40;
const DIGITS = '0123456789abcdef';

/** What names a run, a node or a history: forty hexadecimal digits. */
export function randomId(random: () => number): string {
  let id = '';
  for (let i = 0; i < ID_LENGTH; i++) id += DIGITS[Math.floor(random() * DIGITS.length)]!;
  return id;
}
