/** A database's stand-in for values, and random byte strings. */
import { Buffer } from 'node:buffer';
import { Arena } from '../../../src/server/keyspace/arena.ts';
import { defaultSettings } from '../../../src/server/settings.ts';
import type { Settings } from '../../../src/server/settings.ts';
import { seededRandom } from '../../../src/server/util/random.ts';
import type { Home } from '../../../src/server/values/home.ts';

export function home(settings: Partial<Settings> = {}): Home {
  return { arena: new Arena(), space: { hashSeed: 12_345, settings: { ...defaultSettings(), ...settings } } };
}

export interface Draw {
  /** An integer below `limit`. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  /** A byte string: mostly short, now and then long, rarely beyond the arena. */
  text(): string;
}

export function draw(seed: number): Draw {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    pick: (list) => list[below(list.length)]!,
    text: () => {
      const kind = below(100);
      if (kind < 50) return String(below(40));
      if (kind < 85) return `text:${below(60)}`;
      if (kind < 90) return '';
      const length = kind < 95 ? 200 + below(200) : kind < 99 ? below(6000) : 60_000 + below(20_000);
      return String.fromCharCode(below(256)).repeat(length);
    },
  };
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
