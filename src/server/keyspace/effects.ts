// What follows from a change: the one stream that WATCH, blocked clients, keyspace events, tracking, the append-only
// file, replicas and observers read. While nobody listens, a change costs one boolean test.

/** Classes of keyspace events, as `notify-keyspace-events` names them. */
export const EVENT_GENERIC = 1 << 2;
export const EVENT_STRING = 1 << 3;
export const EVENT_LIST = 1 << 4;
export const EVENT_SET = 1 << 5;
export const EVENT_HASH = 1 << 6;
export const EVENT_ZSET = 1 << 7;
export const EVENT_EXPIRED = 1 << 8;
export const EVENT_EVICTED = 1 << 9;
export const EVENT_STREAM = 1 << 10;
export const EVENT_KEY_MISS = 1 << 11;
export const EVENT_MODULE = 1 << 13;
export const EVENT_NEW = 1 << 14;

/** Any subset of these; `db` is a database's number, keys and arguments are byte strings (latin1). */
export interface EffectListener {
  /** A key's value or expiry changed, appeared or went. */
  touched?(db: number, key: string): void;
  /** A keyspace event as Redis names it. */
  event?(db: number, kind: number, name: string, key: string): void;
  /** A write in deterministic form: absolute times, no randomness. `MULTI` and `EXEC` frame a transaction or script. */
  propagated?(db: number, argv: readonly string[]): void;
  /** All keys of a database went at once; called before they go. `last`: of the databases that go together. */
  flushed?(db: number, last: boolean): void;
  /** Two databases changed places; called before they do. */
  swapped?(first: number, second: number): void;
}

export class Effects {
  /** Is anyone listening to anything? Test this before building an effect. */
  listened = false;
  /** Is anyone listening to `propagated`? */
  propagating = false;
  /** Changes since start: what INFO calls rdb_changes_since_last_save, counted as Redis counts it. */
  dirty = 0;
  listeners: readonly EffectListener[] = [];
  /** What the running command propagates in place of itself; `undefined` means the command as it was sent. */
  replacement: (readonly string[])[] | undefined;

  framing: 'none' | 'open' | 'begun' = 'none';
  /** The first command within a frame, until it is known whether a second one follows. */
  held: { readonly db: number; readonly argv: readonly string[] } | undefined = undefined;

  /** Put MULTI and EXEC around what is propagated until the returned function is called; nothing around fewer than two. */
  frame(): () => void {
    if (this.framing !== 'none') return () => {};
    this.framing = 'open';
    return () => {
      const { held } = this;
      const begun = this.framing === 'begun';
      this.framing = 'none';
      this.held = undefined;
      if (held !== undefined) this.send(held.db, held.argv);
      else if (begun) this.send(0, ['EXEC']);
    };
  }

  add(listener: EffectListener): () => void {
    this.setListeners([...this.listeners, listener]);
    return () => this.setListeners(this.listeners.filter((other) => other !== listener));
  }

  touch(db: number, key: string): void {
    for (const listener of this.listeners) listener.touched?.(db, key);
  }

  event(db: number, kind: number, name: string, key: string): void {
    for (const listener of this.listeners) listener.event?.(db, kind, name, key);
  }

  propagate(db: number, argv: readonly string[]): void {
    if (this.framing === 'open') {
      this.framing = 'begun';
      this.held = { db, argv };
      return;
    }
    const { held } = this;
    if (held !== undefined) {
      this.held = undefined;
      this.send(held.db, ['MULTI']);
      this.send(held.db, held.argv);
    }
    this.send(db, argv);
  }

  send(db: number, argv: readonly string[]): void {
    for (const listener of this.listeners) listener.propagated?.(db, argv);
  }

  flushed(db: number, last: boolean): void {
    for (const listener of this.listeners) listener.flushed?.(db, last);
  }

  swapped(first: number, second: number): void {
    for (const listener of this.listeners) listener.swapped?.(first, second);
  }

  setListeners(listeners: readonly EffectListener[]): void {
    this.listeners = listeners;
    this.listened = listeners.length > 0;
    this.propagating = listeners.some((listener) => listener.propagated !== undefined);
  }
}
