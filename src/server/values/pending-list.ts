// Pending entries of a consumer group, or of one consumer of it, in the order of their ids.
//
// Sorted runs of up to 128: entries come at the end and go anywhere, mostly at the front; a look-up halves its way to the
// run and then inside it.

import { compareHalves } from './stream-id.ts';
import type { StreamId, Word } from './stream-id.ts';

const RUN = 128;
/** What one entry takes in the two lists that it stands in. */
export const PENDING_BYTES = 104;

/** An entry that was delivered and not yet acknowledged. */
export class PendingEntry<Owner> {
  readonly id: StreamId;
  consumer: Owner;
  /** When it was delivered last, in milliseconds. */
  deliveredAt: number;
  deliveries: Word;

  constructor(id: StreamId, consumer: Owner, deliveredAt: number, deliveries: Word) {
    this.id = id;
    this.consumer = consumer;
    this.deliveredAt = deliveredAt;
    this.deliveries = deliveries;
  }
}

export class PendingList<Owner> {
  size = 0;
  /** None of them empty. */
  runs: PendingEntry<Owner>[][] = [];

  get first(): PendingEntry<Owner> | undefined {
    return this.runs[0]?.[0];
  }

  get last(): PendingEntry<Owner> | undefined {
    return this.runs.at(-1)?.at(-1);
  }

  find({ ms, seq }: StreamId): PendingEntry<Owner> | undefined {
    const run = this.runs[this.runOf(ms, seq)];
    if (run === undefined) return undefined;
    const found = run[placeIn(run, ms, seq)];
    return found !== undefined && found.id.ms === ms && found.id.seq === seq ? found : undefined;
  }

  /** Add an entry whose id is not there yet. */
  add(entry: PendingEntry<Owner>): void {
    const { ms, seq } = entry.id;
    this.size++;
    const { runs } = this;
    const at = this.runOf(ms, seq);
    const run = runs[at];
    if (run === undefined) {
      runs.push([entry]);
      return;
    }
    const place = placeIn(run, ms, seq);
    if (place === run.length) {
      if (run.length < RUN) run.push(entry);
      else runs.splice(at + 1, 0, [entry]);
      return;
    }
    run.splice(place, 0, entry);
    if (run.length > RUN) runs.splice(at + 1, 0, run.splice(RUN >> 1));
  }

  /** Take an entry out; undefined when there is none of this id. */
  remove({ ms, seq }: StreamId): PendingEntry<Owner> | undefined {
    const at = this.runOf(ms, seq);
    const run = this.runs[at];
    if (run === undefined) return undefined;
    const place = placeIn(run, ms, seq);
    const found = run[place];
    if (found === undefined || found.id.ms !== ms || found.id.seq !== seq) return undefined;
    this.size--;
    if (run.length === 1) {
      if (at === 0) this.runs.shift();
      else this.runs.splice(at, 1);
    } else {
      // A splice makes an array of what it takes out.
      for (let i = place + 1; i < run.length; i++) run[i - 1] = run[i]!;
      run.pop();
    }
    return found;
  }

  /** The first entry whose id is this or a later one. */
  from({ ms, seq }: StreamId): PendingEntry<Owner> | undefined {
    const at = this.runOf(ms, seq);
    const run = this.runs[at];
    if (run === undefined) return undefined;
    return run[placeIn(run, ms, seq)] ?? this.runs[at + 1]?.[0];
  }

  /** Entries from an id on; the list must not change meanwhile. */
  *since({ ms, seq }: StreamId): Generator<PendingEntry<Owner>> {
    let at = this.runOf(ms, seq);
    if (this.runs[at] === undefined) return;
    let place = placeIn(this.runs[at]!, ms, seq);
    for (; at < this.runs.length; at++, place = 0) {
      const run = this.runs[at]!;
      for (; place < run.length; place++) yield run[place]!;
    }
  }

  /** The run that an id belongs in: the last that does not begin behind it. */
  runOf(ms: Word, seq: Word): number {
    const { runs } = this;
    let low = 0;
    let high = runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const { id } = runs[middle]![0]!;
      if (compareHalves(id.ms, id.seq, ms, seq) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The first place in a run whose id is not before this one. */
function placeIn<Owner>(run: readonly PendingEntry<Owner>[], ms: Word, seq: Word): number {
  const { id } = run[run.length - 1]!;
  if (compareHalves(id.ms, id.seq, ms, seq) < 0) return run.length;
  let low = 0;
  let high = run.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = run[middle]!.id;
    if (compareHalves(other.ms, other.seq, ms, seq) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
