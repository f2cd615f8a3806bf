/** A binary heap of things by the time they are due. */

interface Entry<T> {
  readonly at: number;
  readonly item: T;
}

export class DueHeap<T> {
  private readonly entries: Entry<T>[] = [];

  get head(): Entry<T> | undefined {
    return this.entries[0];
  }

  /** When the first is due; Infinity where there is none. */
  get first(): number {
    return this.entries[0]?.at ?? Infinity;
  }

  add(at: number, item: T): void {
    const { entries } = this;
    let index = entries.length;
    const entry = { at, item };
    entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (entries[parent]!.at <= at) break;
      entries[index] = entries[parent]!;
      index = parent;
    }
    entries[index] = entry;
  }

  take(): Entry<T> | undefined {
    const { entries } = this;
    const top = entries[0];
    const last = entries.pop();
    if (top === undefined || last === undefined || entries.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && entries[child + 1]!.at < entries[child]!.at) child++;
      if (entries[child]!.at >= last.at) break;
      entries[index] = entries[child]!;
      index = child;
    }
    entries[index] = last;
    return top;
  }
}
