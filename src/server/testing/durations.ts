// Durations as people write them in tests: milliseconds, or a number with a unit.

export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `'1h'` is 3,600,000. Throws for anything that is not a duration. */
export function milliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration;
  const parts = /^(-?\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  if (parts === null) throw new TypeError(`not a duration: '${String(duration)}' (write 250, '250ms', '10s', '1h')`);
  return Number(parts[1]) * UNITS[parts[2]!]!;
}
