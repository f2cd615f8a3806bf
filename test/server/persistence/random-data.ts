/** Commands that fill a server with keys of every kind, from a seed. */
import { seededRandom } from '../../../src/server/util/random.ts';

export interface RandomKey {
  readonly key: string;
  readonly commands: readonly (readonly string[])[];
  /** Redis writes it in an order that only its hash tables know. */
  readonly unordered: boolean;
}

export function randomKeys(seed: number, count: number): RandomKey[] {
  const random = seededRandom(seed);
  const pick = (below: number): number => Math.floor(random() * below);
  const text = (): string => {
    switch (pick(9)) {
      case 0:
        return String(pick(256) - 128);
      case 1:
        return String(pick(1 << 24) - (1 << 23));
      case 2:
        return String(BigInt(pick(2 ** 31)) * BigInt(pick(2 ** 31)) * (random() < 0.5 ? 1n : -1n));
      case 3:
        return '';
      case 4:
        return 'abc'.repeat(pick(200));
      case 5:
        return Array.from({ length: pick(40) }, () => String.fromCharCode(pick(256))).join('');
      case 6:
        return `0${pick(100)}`;
      case 7:
        return (
          String.fromCharCode(97 + pick(3)).repeat(pick(90)) + 'xyz'.repeat(pick(30)) + String(pick(1000)).repeat(4)
        );
      default:
        return `word:${pick(10_000)}`;
    }
  };
  const size = (): number => [1, 3, 20, 127, 129, 140, 513, 600][pick(8)]!;
  const stream = (key: string): string[][] => [
    ...Array.from({ length: size() }, (_, i) => [
      'XADD',
      key,
      `${i + 1}-${pick(5)}`,
      'f',
      text(),
      pick(3) > 0 ? 'g' : 'h',
      text(),
    ]),
    ['XDEL', key, '1-0', '1-1', '1-2', '1-3', '1-4'],
    ['XADD', key, '5000-0', 'f', 'v'],
    ['XGROUP', 'CREATE', key, 'group', '0'],
    ['XREADGROUP', 'GROUP', 'group', 'one', 'COUNT', '5', 'STREAMS', key, '>'],
    ['XREADGROUP', 'GROUP', 'group', 'two', 'COUNT', '3', 'STREAMS', key, '>'],
    ['XACK', key, 'group', '3-0', '3-1', '3-2', '3-3'],
  ];
  const makers: ((key: string) => { commands: string[][]; unordered: boolean })[] = [
    (key) => ({ commands: [['SET', key, text()]], unordered: false }),
    (key) => ({ commands: stream(key), unordered: true }),
    (key) => ({ commands: [['SET', key, text().repeat(pick(40))]], unordered: false }),
    (key) => ({ commands: [['RPUSH', key, ...Array.from({ length: size() }, text)]], unordered: false }),
    (key) => ({
      commands: [['SADD', key, ...Array.from({ length: size() }, () => String(pick(1 << 20)))]],
      unordered: false,
    }),
    (key) => ({
      commands: [
        ['SADD', key, ...Array.from({ length: size() }, () => String(BigInt(pick(2 ** 31)) << BigInt(pick(32))))],
      ],
      unordered: false,
    }),
    (key) => ({ commands: [['SADD', key, 'x', ...Array.from({ length: size() }, text)]], unordered: true }),
    (key) => ({
      commands: [['HSET', key, ...Array.from({ length: size() }, (_, i) => [`f${i}`, String(pick(1000))]).flat()]],
      unordered: false,
    }),
    (key) => ({
      commands: [['HSET', key, ...Array.from({ length: size() }, () => [text(), text()]).flat()]],
      unordered: true,
    }),
    (key) => ({
      commands: [
        ['ZADD', key, ...Array.from({ length: size() }, () => [String(random() * 1000 - 500), text()]).flat()],
      ],
      unordered: false,
    }),
    (key) => ({
      commands: [
        [
          'ZADD',
          key,
          '-inf',
          'low',
          'inf',
          'high',
          ...Array.from({ length: size() }, (_, i) => [String(pick(9)), `m${i}`]).flat(),
        ],
      ],
      unordered: false,
    }),
  ];
  return Array.from({ length: count }, (_, i) => {
    const key = `key:${i}`;
    const { commands, unordered } = makers[pick(makers.length)]!(key);
    return { key, commands, unordered };
  });
}

/** Tables of Redis have no order that others could know, and pending entries of streams have their times. */
export function isUncertain(encoding: string): boolean {
  return encoding === 'hashtable' || encoding === 'stream';
}
