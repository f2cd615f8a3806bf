/**
 * Reads of which the server tells when they change.
 *
 * Reads go over a connection with CLIENT TRACKING, OPTIN; what changed comes as messages over a second one, to which
 * the first redirects. Such a pair works with every client and in RESP2. The two live and die together: when either
 * is lost, any key may have changed, and the next read makes a new pair.
 * @see https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
import { within } from './budget.ts';
import { fromClientError } from './client-errors.ts';
import { Connection } from './connection.ts';
import type { ServerNode, SubscriberLink } from './driver.ts';
import { PaxxRedisError, isPaxxRedisError } from './errors.ts';
import { probe, tell } from './receiver.ts';
import type { Shared } from './shared.ts';
import type { Command, Reply, SendOptions, Tracker, TrackingListener } from './types.ts';

interface Pair {
  readonly reads: Connection;
  readonly close: () => void;
  /** Its reports are relied on until then, by the port's clock. */
  validUntil: number;
}

const INVALIDATIONS = '__redis__:invalidate';
const CACHING: Command = { args: ['CLIENT', 'CACHING', 'YES'] };

export class Tracking {
  readonly shared: Shared;
  readonly trackers = new Map<{ validUntil: number }, TrackingListener>();
  /** By server. */
  readonly pairs = new Map<string, Promise<Pair>>();
  readonly open = new Set<Pair>();
  ended = false;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  async track(listener: TrackingListener, options: SendOptions | undefined): Promise<Tracker> {
    let over = false;
    const close = async (): Promise<void> => {
      over = true;
      this.trackers.delete(tracker);
      if (this.trackers.size === 0) this.drop();
    };
    const read = async (command: Command, readOptions?: SendOptions): Promise<Reply> => {
      if (over || this.ended) throw new PaxxRedisError('CLOSED', 'The tracker was closed.');
      try {
        return await this.read(command, readOptions, false);
      } catch (error) {
        if (!isPaxxRedisError(error, 'REPLY') || error.reply !== 'MOVED') throw error;
        return this.read(command, readOptions, true);
      }
    };
    const tracker = { read, validUntil: this.validUntil(), close, [Symbol.asyncDispose]: close };
    this.trackers.set(tracker, listener);
    try {
      await within(this.shared, 'CLIENT TRACKING', options, this.pairFor(undefined));
    } catch (error) {
      await close();
      throw error;
    }
    return tracker;
  }

  close(): void {
    this.ended = true;
    this.drop();
  }

  /** @param fresh the key is not where it was */
  private async read(command: Command, options: SendOptions | undefined, fresh: boolean): Promise<Reply> {
    const pair = await within(this.shared, 'CLIENT TRACKING', options, this.pairFor(command.key, fresh));
    const [caching, reply] = pair.reads.sendAll([CACHING, command], options);
    // One refusal is enough to tell.
    caching!.catch(() => undefined);
    return reply!;
  }

  private drop(): void {
    for (const pair of this.pairs.values()) pair.then(({ close }) => close()).catch(() => undefined);
    this.pairs.clear();
  }

  private async pairFor(key: string | undefined, fresh = false): Promise<Pair> {
    const node = await this.shared.driver.node(key, fresh);
    const known = this.pairs.get(node.id);
    if (known !== undefined) return known;
    const made = this.connect(node, () => {
      if (this.pairs.get(node.id) !== made) return;
      this.pairs.delete(node.id);
      this.changed(null);
    });
    this.pairs.set(node.id, made);
    made.catch(() => {
      if (this.pairs.get(node.id) === made) this.pairs.delete(node.id);
    });
    return made;
  }

  private async connect(node: ServerNode, onLost: () => void): Promise<Pair> {
    const { sweep, aborts, settings } = this.shared;
    let stopProbing: (() => void) | undefined;
    let over = false;
    let messages: SubscriberLink | undefined;
    let reads: Connection | undefined;
    let pair: Pair | undefined;
    const close = (): void => {
      if (over) return;
      over = true;
      stopProbing?.();
      if (pair !== undefined && this.open.delete(pair)) this.tellValidity();
      messages?.close();
      reads?.close(new PaxxRedisError('UNAVAILABLE', 'The tracking connection was lost.'));
      onLost();
    };
    try {
      messages = node.subscriber({ message: (_channel, payload) => this.changed(keysOf(payload)), lost: close });
      const id = await within(this.shared, 'connect', undefined, messages.open());
      await within(this.shared, 'SUBSCRIBE', undefined, messages.subscribe([INVALIDATIONS]));
      reads = new Connection(
        (events) =>
          node.connect(
            {
              ready: () => events.ready(),
              lost: (cause) => events.lost(cause),
              down: (cause) => {
                events.down(cause);
                close();
              },
              closed: (cause) => {
                events.closed(cause);
                close();
              },
            },
            false,
          ),
        sweep,
        aborts,
        settings,
      );
      const sentAt = sweep.clock.now();
      await reads.send({ args: ['CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'OPTIN'] }, undefined);
      if (over || this.ended) throw new PaxxRedisError('UNAVAILABLE', 'The tracking connection was lost.');
      const reliedMs = settings.probeEveryMs + settings.defaultDeadlineMs;
      const opened: Pair = { reads, close, validUntil: sentAt + reliedMs };
      pair = opened;
      this.open.add(opened);
      this.tellValidity();
      stopProbing = probe(this.shared, messages, (probedAt) => {
        opened.validUntil = probedAt + reliedMs;
        this.tellValidity();
      });
      return opened;
    } catch (error) {
      close();
      throw refusalOf(error);
    }
  }

  private validUntil(): number {
    return Math.min(...[...this.open].map((pair) => pair.validUntil));
  }

  /** A number of their own: it is looked at with each value that is taken from memory. */
  private tellValidity(): void {
    const validUntil = this.validUntil();
    for (const tracker of this.trackers.keys()) tracker.validUntil = validUntil;
  }

  private changed(keys: readonly string[] | null): void {
    if (keys?.length === 0) return;
    for (const listener of this.trackers.values()) tell(() => listener.changed(keys));
  }
}

function keysOf(payload: unknown): readonly string[] | null {
  return Array.isArray(payload) ? payload.map(String) : null;
}

function refusalOf(error: unknown): PaxxRedisError {
  const known = fromClientError(error, 'CLIENT TRACKING', 'the tracking connection');
  if (!isPaxxRedisError(known, 'REPLY')) return known;
  return new PaxxRedisError('UNSUPPORTED', `This server does not track: ${known.message}`, { cause: error });
}
