/** What a version or a range as written tells: its lowest release. */

export interface Release {
  readonly major: number;
  readonly minor: number;
}

/**
 * The lowest release that a range admits: `^5.4.2`, `~3.6`, `>=18 <23`, `18.x || 20.x`, `npm:next@14`.
 * Undefined for `*`, `latest`, `workspace:*`, `catalog:`, git addresses and upper bounds alone.
 */
export function lowestRelease(range: string | undefined): Release | undefined {
  if (range === undefined) return undefined;
  const plain = range.replace(/^(?:npm:(?:@?[^@]+@)?|workspace:)/, '');
  if (/^(?:git|https?|file|link|github|catalog|portal|patch)\b.*[:/]/.test(plain)) return undefined;
  const releases = plain
    .split('||')
    .map(lowestOfSet)
    .filter((release) => release !== undefined);
  return releases.toSorted((a, b) => a.major - b.major || a.minor - b.minor)[0];
}

export function majorOf(range: string | undefined): number | undefined {
  return lowestRelease(range)?.major;
}

/** Of one comparator set, the first bound that is not an upper one. */
function lowestOfSet(set: string): Release | undefined {
  const bounds = set.matchAll(/(<=?|>=?|[~^=])?\s*v?(\d+)(?:\.(\d+|[xX*]))?(?:\.[\w.+*-]+)?/g);
  for (const [, operator, major, minor] of bounds) {
    if (operator?.startsWith('<')) continue;
    return { major: Number(major), minor: /^\d+$/.test(minor ?? '') ? Number(minor) : 0 };
  }
  return undefined;
}
