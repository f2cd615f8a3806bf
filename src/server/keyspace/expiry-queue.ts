// Which keys expire next: a binary heap of (time, slot) that tolerates stale entries.
//
// Changing a key's expiry pushes a new entry and leaves the old one behind; an entry counts only while the slot still
// has that very time. The heap is rebuilt when stale entries outnumber live ones, so it stays within twice its size.

export class ExpiryQueue {
  times: number[] = [];
  slots: number[] = [];

  get length(): number {
    return this.times.length;
  }

  /** The earliest time in the heap, stale or not; Infinity when empty. */
  earliest(): number {
    return this.times.length > 0 ? this.times[0]! : Infinity;
  }

  push(time: number, slot: number): void {
    const { times, slots } = this;
    let at = times.length;
    times.push(time);
    slots.push(slot);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (times[parent]! <= time) break;
      times[at] = times[parent]!;
      slots[at] = slots[parent]!;
      at = parent;
    }
    times[at] = time;
    slots[at] = slot;
  }

  /** Remove the earliest entry and return its slot. */
  pop(): number {
    const { times, slots } = this;
    const first = slots[0]!;
    const time = times.pop()!;
    const slot = slots.pop()!;
    const length = times.length;
    if (length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= length) break;
      if (child + 1 < length && times[child + 1]! < times[child]!) child++;
      if (times[child]! >= time) break;
      times[at] = times[child]!;
      slots[at] = slots[child]!;
      at = child;
    }
    times[at] = time;
    slots[at] = slot;
    return first;
  }

  clear(): void {
    this.times = [];
    this.slots = [];
  }
}
