// How a command's run times are spread: a log-linear histogram with two significant digits, in nanoseconds.
//
// Values below 256 have a bucket each; from there on every power of two is divided into 128. A value is reported as the
// largest of its bucket, as Redis reports it (9023 for all of 8960 to 9023).

const HALF = 128;
const LARGEST = 1_000_000_000;

const NO_COUNTS = new Float64Array(0);

export class Histogram {
  counts = NO_COUNTS;
  total = 0;
  largest = 0;

  /** @param count how many times the value was met */
  record(nanoseconds: number, count: number): void {
    const value = Math.min(LARGEST, Math.max(1, Math.floor(nanoseconds)));
    const at = bucketOf(value);
    if (at >= this.counts.length) this.grow(at);
    this.counts[at] = this.counts[at]! + count;
    this.total += count;
    if (value > this.largest) this.largest = value;
  }

  /** The value that this share of all (0 to 100) does not exceed. */
  percentile(share: number): number {
    const wanted = Math.max(1, Math.floor((share / 100) * this.total + 0.5));
    let seen = 0;
    for (let at = 0; at < this.counts.length; at++) {
      seen += this.counts[at]!;
      if (seen >= wanted) return largestIn(at);
    }
    return 0;
  }

  /**
   * Counts up to each limit, `nanoseconds` being the first and every further one twice as large; limits that add
   * nothing are left out.
   */
  *cumulative(nanoseconds: number): IterableIterator<readonly [limit: number, count: number]> {
    let limit = nanoseconds;
    let seen = 0;
    let told = 0;
    for (let at = 0; at < this.counts.length && told < this.total; at++) {
      while (largestIn(at) > largestOf(limit)) {
        if (seen > told) yield [limit, (told = seen)];
        limit *= 2;
      }
      seen += this.counts[at]!;
    }
    if (seen > told) yield [limit, seen];
  }

  grow(at: number): void {
    const grown = new Float64Array(Math.max(512, at + HALF));
    grown.set(this.counts);
    this.counts = grown;
  }
}

/** A value stands for the whole bucket it falls into: the largest of that. */
export function largestOf(value: number): number {
  return largestIn(bucketOf(value));
}

function bucketOf(value: number): number {
  const shift = Math.max(0, 24 - Math.clz32(value));
  return shift * HALF + (value >>> shift);
}

function largestIn(at: number): number {
  if (at < 2 * HALF) return at;
  const shift = Math.floor(at / HALF) - 1;
  return (at - shift * HALF + 1) * 2 ** shift - 1;
}
