// What RESP replies decode to: plain JavaScript values where there is one, small classes where RESP knows more.

export type RespValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Buffer
  | readonly RespValue[]
  | ErrorReply
  | VerbatimReply
  | MapReply
  | SetReply
  | PushReply;

/** An error as a value: it may stand inside an array (EXEC), so decoding never throws it. */
export class ErrorReply {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }

  /** Its first word: `ERR`, `WRONGTYPE`, `MOVED` … */
  get code(): string {
    return this.message.split(' ', 1)[0]!;
  }
}

export class VerbatimReply {
  readonly format: string;
  readonly text: string;

  constructor(format: string, text: string) {
    this.format = format;
    this.text = text;
  }
}

/** Pairs in the order they came; keys may be of any type. */
export class MapReply {
  readonly entries: readonly (readonly [RespValue, RespValue])[];

  constructor(entries: readonly (readonly [RespValue, RespValue])[]) {
    this.entries = entries;
  }

  static fromFlat(items: readonly RespValue[]): MapReply {
    const entries: [RespValue, RespValue][] = [];
    for (let i = 0; i + 1 < items.length; i += 2) entries.push([items[i]!, items[i + 1]!]);
    return new MapReply(entries);
  }

  get(key: string): RespValue | undefined {
    return this.entries.find(([name]) => name === key)?.[1];
  }

  toObject(): Record<string, RespValue> {
    return Object.fromEntries(this.entries.map(([key, value]) => [String(key), value]));
  }
}

export class SetReply {
  readonly items: readonly RespValue[];

  constructor(items: readonly RespValue[]) {
    this.items = items;
  }
}

/** Out-of-band: answers no command. */
export class PushReply {
  readonly items: readonly RespValue[];

  constructor(items: readonly RespValue[]) {
    this.items = items;
  }
}
