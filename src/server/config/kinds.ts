// What values a configuration parameter takes: how its text is read, checked and written back.

import { INT64_MAX } from '../util/numbers.ts';

export type ParameterValue = string | number | boolean;

/** Thrown for a value that a parameter does not take; the text is what CONFIG SET gives as the reason. */
export class InvalidValue {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface Kind {
  /** Throws InvalidValue. */
  parse(text: string): ParameterValue;
  /** As CONFIG GET answers. */
  format(value: ParameterValue): string;
  /** As CONFIG REWRITE writes it, where that differs. */
  print?(value: ParameterValue): string;
}

export const yesNo: Kind = {
  parse(text) {
    const word = text.toLowerCase();
    if (word !== 'yes' && word !== 'no') throw new InvalidValue("argument must be 'yes' or 'no'");
    return word === 'yes';
  },
  format: (value) => (value === true ? 'yes' : 'no'),
};

export function integer(min: number | bigint, max: number | bigint): Kind {
  return {
    parse(text) {
      // One blank or leading zero more than an integer has is refused, as by Redis.
      if (!/^(?:0|-?[1-9]\d*)$/.test(text) || outOfInt64(BigInt(text))) {
        throw new InvalidValue("argument couldn't be parsed into an integer");
      }
      return inRange(BigInt(text), BigInt(min), BigInt(max));
    },
    format: String,
  };
}

/** Permissions of a file, written in octal. */
export const permissions: Kind = {
  parse(given) {
    const mode = /^[0-7]+$/.test(given) ? Number.parseInt(given, 8) : -1;
    if (mode < 0) throw new InvalidValue("argument couldn't be parsed as an octal number");
    if (mode > 0o777) throw new InvalidValue('argument must be between 0 and 777 inclusive');
    return mode;
  },
  format: (value) => Number(value).toString(8),
};

export function memory(min: number | bigint, max: number | bigint): Kind {
  return {
    parse(text) {
      const bytes = parseMemory(text);
      if (bytes === undefined) throw new InvalidValue('argument must be a memory value');
      return inRange(bytes, BigInt(min), BigInt(max));
    },
    format: formatBig,
    print: (value) => printMemory(value as number),
  };
}

/** A size, or a share of maxmemory: kept as text when it is a percentage. */
export const memoryOrPercent: Kind = {
  parse(text) {
    const percent = /^(\d+)%$/.exec(text);
    if (percent !== null) {
      if (Number(percent[1]) > 100) throw new InvalidValue('percentage argument must be less or equal to 100');
      return `${Number(percent[1])}%`;
    }
    const bytes = parseMemory(text);
    if (bytes === undefined) throw new InvalidValue('argument must be a memory or percent value');
    return Number(bytes);
  },
  format: (value) => (typeof value === 'number' ? formatBig(value) : String(value)),
  print: (value) => (typeof value === 'number' ? printMemory(value) : String(value)),
};

/** One of `names`, in any case of letters. `synonyms` are read as what they stand for. */
export function choice(names: readonly string[], synonyms: Readonly<Record<string, string>> = {}): Kind {
  const all = [...names, ...Object.keys(synonyms)];
  return {
    parse(text) {
      const word = text.toLowerCase();
      if (!all.includes(word)) {
        throw new InvalidValue(`argument(s) must be one of the following: ${all.join(', ')}`);
      }
      return synonyms[word] ?? word;
    },
    format: String,
  };
}

/** Several of `names` at once, separated by blanks. */
export function choices(names: readonly string[], check: (chosen: ReadonlySet<string>) => string | undefined): Kind {
  return {
    parse(text) {
      const chosen = new Set(splitWords(text.toLowerCase()));
      if (chosen.size === 0 || [...chosen].some((word) => !names.includes(word))) {
        throw new InvalidValue(`argument(s) must be one of the following: ${names.join(', ')}`);
      }
      const reason = check(chosen);
      if (reason !== undefined) throw new InvalidValue(reason);
      // The first name is the default; it says nothing beside others.
      const list = names.filter((name, i) => chosen.has(name) && (i > 0 || chosen.size === 1));
      return list.join(' ');
    },
    format: String,
  };
}

/** Any text; `normalise` may throw InvalidValue. */
export function plainText(normalise: (given: string) => string = (given) => given): Kind {
  return { parse: normalise, format: String };
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1_000_000n,
  mb: 1_048_576n,
  g: 1_000_000_000n,
  gb: 1_073_741_824n,
};
const UINT64_MAX = (1n << 64n) - 1n;

/** Bytes, from `100`, `2k`, `2kb`, `1gb` …; the empty text is 0, as in Redis. */
export function parseMemory(given: string): bigint | undefined {
  const parts = /^(\d*)([a-z]*)$/i.exec(given);
  const unit = parts === null ? undefined : UNITS[parts[2]!.toLowerCase()];
  if (unit === undefined) return undefined;
  const bytes = BigInt(parts![1] === '' ? 0 : parts![1]!) * unit;
  return bytes > UINT64_MAX ? UINT64_MAX : bytes;
}

/** With the largest unit that divides it. */
export function printMemory(bytes: number): string {
  for (const [unit, size] of [
    ['gb', 2 ** 30],
    ['mb', 2 ** 20],
    ['kb', 2 ** 10],
  ] as const) {
    if (bytes !== 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return formatBig(bytes);
}

export function splitWords(given: string): string[] {
  return given.split(/\s+/).filter((word) => word !== '');
}

function inRange(value: bigint, min: bigint, max: bigint): number {
  if (value < min || value > max) throw new InvalidValue(`argument must be between ${min} and ${max} inclusive`);
  return Number(value);
}

function outOfInt64(value: bigint): boolean {
  return value > INT64_MAX || value < -INT64_MAX - 1n;
}

/** The largest limits are not exact as doubles; they are what Redis has as its own largest. */
function formatBig(value: ParameterValue): string {
  const number = Number(value);
  if (number >= 2 ** 64) return UINT64_MAX.toString();
  return number === 2 ** 63 ? INT64_MAX.toString() : BigInt(number).toString();
}
