/** Random stream commands over few keys, ids, groups and consumers, so that they meet. */

export type Random = () => number;

const KEYS = ['x', 'x', 'x', 'x', 'y', 'y', 's'];
const GROUPS = ['g', 'g', 'g', 'h'];
const CONSUMERS = ['c', 'd', 'e'];
const FIELDS = [
  ['f', '1'],
  ['f', 'value'],
  ['f', '1', 'g', '-2000'],
  ['f', '1', 'g', 'text', 'f', '99999999999'],
  ['other', '9223372036854775807'],
  ['f', 'x'.repeat(70), 'g', '\x00\r\n'],
  ['12', '', '', '007', '-0', '-9223372036854775808', '70000', '12345678'],
];
const ODD_IDS = [
  '-',
  '+',
  '0',
  '0-0',
  '18446744073709551615-18446744073709551615',
  '18446744073709551615',
  '18446744073709551616',
  'abc',
  '1-',
  '-1',
  '1-2-3',
  ' 5',
  '+5-1',
  '05-1',
  '5--1',
  '5--01',
  '',
  '(5',
  '5-*',
  '*',
  '9007199254740993-9007199254740995',
];

export class StreamGenerator {
  readonly random: Random;
  /** Ids of additions mostly grow, as time does. */
  ms = 1;
  seq = 0;

  constructor(random: Random) {
    this.random = random;
  }

  sequence(length: number): string[][] {
    return Array.from({ length }, () => this.command());
  }

  command(): string[] {
    const roll = this.random();
    if (roll < 0.3) return this.add();
    if (roll < 0.42) return this.readGroup();
    if (roll < 0.47) return ['XDEL', this.key(), ...this.many(() => this.id())];
    if (roll < 0.51) return ['XTRIM', this.key(), ...this.trim()];
    if (roll < 0.57) return this.range();
    if (roll < 0.62) return this.group();
    if (roll < 0.66) return ['XACK', this.key(), this.pick(GROUPS), ...this.many(() => this.id())];
    if (roll < 0.72) return this.claim();
    if (roll < 0.77) return this.autoClaim();
    if (roll < 0.82) return this.pending();
    if (roll < 0.91) return this.info();
    if (roll < 0.94) return this.read();
    if (roll < 0.96) return this.setId();
    if (roll < 0.97) return ['COPY', this.key(), this.pick(['x', 'y', 'z']), ...this.maybe(0.5, 'REPLACE')];
    if (roll < 0.975) return ['DEBUG', 'RELOAD'];
    if (roll < 0.98) return ['DEL', this.pick(['y', 'z'])];
    if (roll < 0.99) return ['RENAME', this.pick(['x', 'z']), this.pick(['y', 'z'])];
    return ['SET', 's', '1'];
  }

  add(): string[] {
    const wanted = this.chance(0.9) ? this.nextId() : this.pick([`${this.ms}-*`, `${this.ms + 1}-*`, this.id()]);
    // The two servers read their clocks at different moments.
    const id = wanted === '*' ? this.nextId() : wanted;
    return ['XADD', this.key(), ...this.maybe(0.05, 'NOMKSTREAM'), ...(this.chance(0.3) ? this.trim() : []), id].concat(
      this.chance(0.98) ? this.pick(FIELDS) : this.pick([[], ['f'], ['f', 'v', 'g']]),
    );
  }

  nextId(): string {
    if (this.chance(0.4)) {
      this.ms += Math.floor(this.random() * 5);
      if (this.chance(0.1)) this.ms += 100_000;
    }
    return `${this.ms}-${++this.seq}`;
  }

  trim(): string[] {
    const length = this.chance(0.6);
    const about = this.chance(0.5);
    const operator = about ? ['~'] : this.maybe(0.3, '=');
    const threshold = length ? String(Math.floor(this.random() * 20)) : this.id();
    const limit =
      (about && this.chance(0.4)) || this.chance(0.02) ? ['LIMIT', this.pick(['0', '1', '5', '10', '-1', 'x'])] : [];
    return [this.pick(length ? ['MAXLEN', 'maxlen'] : ['MINID', 'minid']), ...operator, threshold, ...limit];
  }

  readGroup(): string[] {
    const keys = this.chance(0.2) ? ['x', 'y'] : [this.key()];
    return [
      'XREADGROUP',
      'GROUP',
      this.pick(GROUPS),
      this.pick(CONSUMERS),
      ...this.count(),
      ...this.maybe(0.15, 'NOACK'),
      'STREAMS',
      ...keys,
      ...keys.map(() => (this.chance(0.7) ? '>' : this.pick(['0', '$', this.id()]))),
    ];
  }

  read(): string[] {
    const keys = this.chance(0.3) ? ['x', 'none', 'y'] : [this.key()];
    return ['XREAD', ...this.count(), 'STREAMS', ...keys, ...keys.map(() => this.pick(['0', '$', '>', this.id()]))];
  }

  range(): string[] {
    const bound = (): string => this.maybe(0.2, '(').concat(this.id()).join('');
    const [low, high] = [this.chance(0.5) ? '-' : bound(), this.chance(0.5) ? '+' : bound()];
    const reverse = this.chance(0.5);
    return [reverse ? 'XREVRANGE' : 'XRANGE', this.key(), ...(reverse ? [high, low] : [low, high]), ...this.count()];
  }

  group(): string[] {
    const [key, name] = [this.key(), this.pick(GROUPS)];
    const id = this.pick(['0', '$', '0', this.id()]);
    const read = this.chance(0.2) ? ['ENTRIESREAD', this.pick(['0', '1', '3', '-1', '-2', 'x', '100'])] : [];
    const roll = this.random();
    if (roll < 0.45) return ['XGROUP', 'CREATE', key, name, id, ...this.maybe(0.5, 'MKSTREAM'), ...read];
    if (roll < 0.65) return ['XGROUP', 'SETID', key, name, id, ...read];
    if (roll < 0.7) return ['XGROUP', 'DESTROY', key, name];
    if (roll < 0.85) return ['XGROUP', 'CREATECONSUMER', key, name, this.pick(CONSUMERS)];
    return ['XGROUP', 'DELCONSUMER', key, name, this.pick(CONSUMERS)];
  }

  claim(): string[] {
    const options = [
      ...(this.chance(0.2) ? ['IDLE', this.pick(['100000', '0', '-5', 'x'])] : []),
      ...(this.chance(0.1) ? ['TIME', this.pick(['1', '99999999999999', 'x'])] : []),
      ...(this.chance(0.2) ? ['RETRYCOUNT', this.pick(['5', '0', '-1', '9223372036854775807'])] : []),
      ...this.maybe(0.3, 'FORCE'),
      ...this.maybe(0.3, 'JUSTID'),
      ...(this.chance(0.1) ? ['LASTID', this.id()] : []),
      ...this.maybe(0.02, 'WHAT'),
    ];
    const ids = this.many(() => this.id());
    return ['XCLAIM', this.key(), this.pick(GROUPS), this.pick(CONSUMERS), this.idle(), ...ids, ...options];
  }

  autoClaim(): string[] {
    const start = this.pick(['0', '-', this.id(), `(${this.id()}`]);
    const argv = ['XAUTOCLAIM', this.key(), this.pick(GROUPS), this.pick(CONSUMERS), this.idle(), start];
    return [...argv, ...this.count(), ...this.maybe(0.3, 'JUSTID')];
  }

  pending(): string[] {
    const argv = ['XPENDING', this.key(), this.pick(GROUPS)];
    if (this.chance(0.3)) return argv;
    if (this.chance(0.2)) argv.push('IDLE', this.idle());
    argv.push(
      this.pick(['-', this.id(), `(${this.id()}`]),
      this.pick(['+', this.id()]),
      this.pick(['10', '1', '0', '-1']),
    );
    return this.chance(0.4) ? [...argv, this.pick(CONSUMERS)] : argv;
  }

  info(): string[] {
    const key = this.key();
    const roll = this.random();
    if (roll < 0.3) return ['XINFO', 'STREAM', key];
    if (roll < 0.6) return ['XINFO', 'STREAM', key, 'FULL', ...this.count()];
    if (roll < 0.75) return ['XINFO', 'GROUPS', key];
    if (roll < 0.85) return ['XINFO', 'CONSUMERS', key, this.pick(GROUPS)];
    return this.pick([
      ['XLEN', key],
      ['DEBUG', 'DIGEST-VALUE', key],
      ['OBJECT', 'ENCODING', key],
      ['TYPE', key],
    ]);
  }

  setId(): string[] {
    const added = this.chance(0.3) ? ['ENTRIESADDED', this.pick(['5', '50', '0', '-1'])] : [];
    const deleted = this.chance(0.3) ? ['MAXDELETEDID', this.id()] : [];
    return ['XSETID', this.key(), this.chance(0.6) ? this.nextId() : this.id(), ...added, ...deleted];
  }

  key(): string {
    return this.chance(0.01) ? 'none' : this.pick(KEYS);
  }

  /** One that was given out, or near it. */
  id(): string {
    if (this.chance(0.04)) return this.pick(ODD_IDS);
    const seq = Math.max(1, this.seq - Math.floor(this.random() * 25));
    const ms = Math.max(1, this.ms - Math.floor(this.random() * 12));
    return this.chance(0.2) ? String(ms) : `${ms}-${seq}`;
  }

  idle(): string {
    return this.pick(['0', '0', '0', '50000', '-1', 'x'].slice(0, this.chance(0.95) ? 4 : 6));
  }

  count(): string[] {
    return this.chance(0.5) ? ['COUNT', this.pick(['1', '2', '5', '10', '0', '-1'])] : [];
  }

  many<T>(make: () => T): T[] {
    return Array.from({ length: 1 + Math.floor(this.random() * 4) }, make);
  }

  maybe(probability: number, word: string): string[] {
    return this.chance(probability) ? [word] : [];
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }
}
