// When fields of a hash expire, for hashes where any does: HEXPIRE and its kin.

/** What one of them takes besides its name. */
const ENTRY_BYTES = 56;

export class FieldTimes {
  /** Milliseconds by field, as byte strings. */
  readonly at = new Map<string, number>();
  /** No field expires before this; taking times away does not move it. */
  earliest = Infinity;
  bytes = ENTRY_BYTES;
  /** Does its database count this hash among those to look after? */
  watched = false;

  get size(): number {
    return this.at.size;
  }

  of(field: string): number | undefined {
    return this.at.get(field);
  }

  set(field: string, at: number): void {
    if (!this.at.has(field)) this.bytes += ENTRY_BYTES + field.length;
    this.at.set(field, at);
    if (at < this.earliest) this.earliest = at;
  }

  delete(field: string): boolean {
    if (!this.at.delete(field)) return false;
    this.bytes -= ENTRY_BYTES + field.length;
    return true;
  }

  /** Fields whose time has come; `earliest` is exact afterwards for those that remain. */
  due(now: number): string[] {
    const fields: string[] = [];
    this.earliest = Infinity;
    for (const [field, at] of this.at) {
      if (at <= now) fields.push(field);
      else if (at < this.earliest) this.earliest = at;
    }
    return fields;
  }

  copy(): FieldTimes {
    const copy = new FieldTimes();
    for (const [field, at] of this.at) copy.set(field, at);
    return copy;
  }
}
