/**
 * L1: values and versions kept in this process, for as long as Redis tells when they change.
 *
 * Reads go through the port's tracker, so the server reports the next change of what was read (client-side caching). A
 * report may overtake the reply that it is about: a read therefore holds a ticket, and what was reported meanwhile is
 * not kept. Where there is no tracking, writers tell each other over a channel, which reaches only caches of this
 * package; then entries live a few seconds at most.
 *
 * A process that stood still may turn to its timers before it reads the reports that came meanwhile, and a network that
 * swallows packets brings none. So all this is relied on only as long as the tracker says: with the port's defaults for
 * fifteen seconds from the last probe that was answered. Then Redis is asked until the next answer.
 * @see https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
import { isPaxxRedisError } from '../port/errors.ts';
import type { Clock } from '../port/clock.ts';
import type { Command, RedisPort, Reply, SendOptions, Subscription, Tracker } from '../port/types.ts';
import type { Entry } from './envelope.ts';

/** The longest that an entry lives, from when it was read, when only other caches of this package tell of changes. */
const BUS_TTL_MS = 5000;
/** Between attempts to be told of changes. */
const RETRY_MS = 1000;

export interface NearOptions {
  readonly port: RedisPort;
  readonly maxEntries: number;
  readonly ttlMs: number;
  /** Writers tell each other here where Redis does not. */
  readonly channel: string;
  readonly onTrouble: (error: Error) => void;
}

/** A value that counts, fresh or in grace. */
export interface Found {
  readonly entry: Entry;
  /** For copies. */
  readonly bytes: Uint8Array;
  /** Milliseconds for which it is fresh; 0 or less: it is in grace. Infinity where it was not asked. */
  readonly freshMs: number;
}

/** What was found, by the client's clock. */
export interface Kept extends Pick<Found, 'entry' | 'bytes'> {
  readonly freshUntil: number;
  readonly until: number;
  /** Computed while Redis was away: counts whatever its versions. */
  readonly alone: boolean;
}

/** Held by a read while it is under way. */
export interface Ticket {
  readonly keys: readonly string[];
  /** By the client's clock. What it brings is as old as that, since the reply may lie unread for long. */
  readonly sentAt: number;
  /** False once one of the keys was reported as changed. */
  valid: boolean;
}

export class Near {
  readonly clock: Clock;
  private readonly options: NearOptions;
  private readonly entries = new Map<string, Kept>();
  private readonly versions = new Map<string, string>();
  private readonly tickets = new Map<string, Set<Ticket>>();
  private tracker: Tracker | undefined = undefined;
  private subscription: Subscription | undefined = undefined;
  private starting: Promise<void> | undefined = undefined;
  private retryAt = -Infinity;
  private closed = false;

  constructor(options: NearOptions) {
    this.options = options;
    this.clock = options.port.clock;
  }

  get mode(): 'tracking' | 'bus' | 'off' {
    return this.tracker !== undefined ? 'tracking' : this.subscription !== undefined ? 'bus' : 'off';
  }

  get size(): number {
    return this.entries.size;
  }

  get(path: string): Kept | undefined {
    const kept = this.entries.get(path);
    if (kept === undefined) return undefined;
    const now = this.clock.now();
    if (kept.until <= now) {
      this.entries.delete(path);
      return undefined;
    }
    if (!kept.alone && !this.reliesAt(now)) return undefined;
    // The order of the Map is the order of use: the first goes first.
    this.entries.delete(path);
    this.entries.set(path, kept);
    return kept;
  }

  version(key: string): string | undefined {
    return this.versions.get(key);
  }

  /** False: what is kept may have changed without this process having read so. It is not forgotten, but not used. */
  reliesAt(now: number): boolean {
    return this.tracker === undefined || now <= this.tracker.validUntil;
  }

  /** Before a read of these keys; `end` it whatever comes. Undefined where nothing may be kept. */
  begin(keys: readonly string[]): Ticket | undefined {
    this.start();
    if (this.mode === 'off') return undefined;
    const ticket = { keys, sentAt: this.clock.now(), valid: true };
    for (const key of keys) {
      const set = this.tickets.get(key);
      if (set === undefined) this.tickets.set(key, new Set([ticket]));
      else set.add(ticket);
    }
    return ticket;
  }

  end(ticket: Ticket | undefined): void {
    if (ticket === undefined) return;
    for (const key of ticket.keys) {
      const set = this.tickets.get(key);
      set?.delete(ticket);
      if (set?.size === 0) this.tickets.delete(key);
    }
  }

  /** A read of which the next change is reported. */
  read(command: Command, options: SendOptions): Promise<Reply> {
    return this.tracker === undefined ? this.options.port.send(command, options) : this.tracker.read(command, options);
  }

  keep(path: string, { entry, bytes, freshMs }: Found, ticket: Ticket | undefined): void {
    if (ticket?.valid !== true) return;
    const ttlMs = this.mode === 'bus' ? Math.min(BUS_TTL_MS, this.options.ttlMs) : this.options.ttlMs;
    const freshUntil = ticket.sentAt + freshMs;
    this.store(path, { entry, bytes, freshUntil, until: Math.min(freshUntil, ticket.sentAt + ttlMs), alone: false });
  }

  keepVersion(key: string, version: string, ticket: Ticket | undefined): void {
    // Over the bus a version could be missed, and be wrong for ever.
    if (ticket?.valid === true && this.mode === 'tracking') this.versions.set(key, version);
  }

  /** While Redis is away: for `ttlMs`, whoever else changes it. */
  keepAlone(path: string, entry: Entry, bytes: Uint8Array, ttlMs: number): void {
    const until = this.clock.now() + ttlMs;
    this.store(path, { entry, bytes, freshUntil: until, until, alone: true });
  }

  /** Changed by this process: forget, and tell the others where Redis does not. */
  changed(keys: readonly string[], tell: boolean): void {
    this.drop(keys);
    if (!tell || this.mode !== 'bus') return;
    const { port, channel, onTrouble } = this.options;
    port.send({ args: ['PUBLISH', channel, JSON.stringify(keys)] }).catch(onTrouble);
  }

  /** Tags of what was computed without Redis are not known. */
  dropAlone(): void {
    for (const [path, kept] of this.entries) if (kept.alone) this.entries.delete(path);
  }

  drop(keys: readonly string[] | null): void {
    if (keys === null) {
      this.entries.clear();
      this.versions.clear();
      for (const set of this.tickets.values()) for (const ticket of set) ticket.valid = false;
      return;
    }
    for (const key of keys) {
      this.entries.delete(key);
      this.versions.delete(key);
      for (const ticket of this.tickets.get(key) ?? []) ticket.valid = false;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.drop(null);
    await this.starting;
    await this.tracker?.close();
    await this.subscription?.close();
  }

  private store(path: string, kept: Kept): void {
    this.entries.delete(path);
    this.entries.set(path, kept);
    if (this.entries.size <= this.options.maxEntries) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      break;
    }
  }

  private start(): void {
    if (this.mode !== 'off' || this.starting !== undefined || this.closed) return;
    if (this.clock.now() < this.retryAt) return;
    this.retryAt = this.clock.now() + RETRY_MS;
    this.starting = this.listen()
      .catch(this.options.onTrouble)
      .finally(() => (this.starting = undefined));
  }

  private async listen(): Promise<void> {
    const { port, channel } = this.options;
    try {
      this.tracker = await port.track({ changed: (keys) => this.drop(keys) });
    } catch (error) {
      if (!isPaxxRedisError(error, 'UNSUPPORTED') && !isPaxxRedisError(error, 'REPLY')) throw error;
      this.subscription = await port.subscribe([channel], {
        message: (_, payload) => this.drop(keysIn(payload)),
        gap: () => this.drop(null),
      });
    }
  }
}

/** What cannot be read may have meant any key. */
function keysIn(payload: string): string[] | null {
  try {
    const keys: unknown = JSON.parse(payload);
    return Array.isArray(keys) && keys.every((key): key is string => typeof key === 'string') ? keys : null;
  } catch {
    return null;
  }
}
