/** Messages of channels, over one connection for all subscriptions of a port. */
import { within } from './budget.ts';
import { fromClientError } from './client-errors.ts';
import type { Timer } from './clock.ts';
import type { SubscriberLink } from './driver.ts';
import { PaxxRedisError } from './errors.ts';
import { probe, tell } from './receiver.ts';
import type { Shared } from './shared.ts';
import type { SendOptions, Subscription, SubscriptionListener } from './types.ts';

interface Channel {
  readonly subscribers: Set<Subscriber>;
  /** The connection it was last asked of, and its answer. */
  link: SubscriberLink | undefined;
  confirmed: Promise<void>;
}

interface Subscriber {
  readonly listener: SubscriptionListener;
}

/** Milliseconds before the first and, at most, before a later attempt to connect again. */
const RETRY_FIRST = 50;
const RETRY_LONGEST = 2000;

export class Subscriptions {
  readonly shared: Shared;
  readonly channels = new Map<string, Channel>();
  current: Promise<SubscriberLink> | undefined = undefined;
  link: SubscriberLink | undefined = undefined;
  retry: Timer | undefined = undefined;
  attempts = 0;
  /** Messages may have been missed since. */
  gap = false;
  connecting = false;
  closed = false;
  stopProbing: () => void = () => {};

  constructor(shared: Shared) {
    this.shared = shared;
  }

  async subscribe(
    names: readonly string[],
    listener: SubscriptionListener,
    options: SendOptions | undefined,
  ): Promise<Subscription> {
    const subscriber: Subscriber = { listener };
    if (options?.signal?.aborted) {
      throw new PaxxRedisError('ABORTED', 'SUBSCRIBE: aborted by the caller', { cause: options.signal.reason });
    }
    for (const name of names) this.register(name, subscriber);
    let over = false;
    const leave = (): Promise<void> => {
      if (over) return Promise.resolve();
      over = true;
      return this.leave(names, subscriber);
    };
    try {
      await within(this.shared, 'SUBSCRIBE', options, this.confirm(names));
    } catch (error) {
      void leave();
      throw fromClientError(error, 'SUBSCRIBE', 'the subscriber connection');
    }
    return { close: leave, [Symbol.asyncDispose]: leave };
  }

  close(): void {
    this.closed = true;
    this.channels.clear();
    this.drop();
  }

  private register(name: string, subscriber: Subscriber): void {
    let channel = this.channels.get(name);
    if (channel === undefined) {
      channel = { subscribers: new Set(), link: undefined, confirmed: Promise.resolve() };
      this.channels.set(name, channel);
    }
    channel.subscribers.add(subscriber);
  }

  private async leave(names: readonly string[], subscriber: Subscriber): Promise<void> {
    const unused = names.filter((name) => {
      const channel = this.channels.get(name);
      channel?.subscribers.delete(subscriber);
      return channel?.subscribers.size === 0 && this.channels.delete(name);
    });
    // One that is being connected is seen to when it is done.
    if (this.channels.size === 0) return this.connecting ? undefined : this.drop();
    if (unused.length === 0 || this.link === undefined) return;
    const { link } = this;
    await within(this.shared, 'UNSUBSCRIBE', undefined, link.unsubscribe(unused)).catch(() => undefined);
  }

  /** Done when the server has confirmed all of them. */
  private async confirm(names: readonly string[]): Promise<void> {
    const link = await this.open();
    this.ask(link, names);
    await Promise.all(names.map((name) => this.channels.get(name)?.confirmed));
  }

  private ask(link: SubscriberLink, names: Iterable<string>): void {
    const fresh = [...names].filter((name) => this.channels.get(name)?.link !== link);
    if (fresh.length === 0) return;
    const confirmed = link.subscribe(fresh);
    confirmed.catch(() => undefined);
    for (const name of fresh) {
      const channel = this.channels.get(name);
      if (channel === undefined) continue;
      channel.link = link;
      channel.confirmed = confirmed;
    }
  }

  private open(): Promise<SubscriberLink> {
    if (this.closed) return Promise.reject(new PaxxRedisError('CLOSED', 'The port was closed.'));
    this.current ??= this.connect();
    return this.current;
  }

  private async connect(): Promise<SubscriberLink> {
    this.retry?.cancel();
    this.retry = undefined;
    let link: SubscriberLink | undefined;
    this.connecting = true;
    try {
      const node = await this.shared.driver.node(undefined);
      link = node.subscriber({
        message: (channel, payload) => this.message(channel, payload),
        lost: () => link !== undefined && this.lost(link),
      });
      const opened = link;
      this.link = link;
      await within(this.shared, 'connect', undefined, link.open());
      this.ask(link, this.channels.keys());
      await within(
        this.shared,
        'SUBSCRIBE',
        undefined,
        Promise.all([...this.channels.values()].map((channel) => channel.confirmed)),
      );
      if (this.closed) throw new PaxxRedisError('CLOSED', 'The port was closed.');
      if (this.link !== opened) throw new PaxxRedisError('UNAVAILABLE', 'The subscriber connection was lost.');
    } catch (error) {
      link?.close();
      this.lost(link);
      throw error;
    } finally {
      this.connecting = false;
    }
    if (this.channels.size === 0) this.drop();
    this.attempts = 0;
    if (this.link !== undefined) this.stopProbing = probe(this.shared, link);
    if (this.gap) {
      this.gap = false;
      for (const { listener } of this.subscribers()) if (listener.gap) tell(() => listener.gap!());
    }
    return link;
  }

  private lost(link: SubscriberLink | undefined): void {
    if (link !== this.link) return;
    this.stopProbing();
    this.link = undefined;
    this.current = undefined;
    if (this.closed || this.channels.size === 0 || this.retry !== undefined) return;
    this.gap = true;
    const { sweep, random } = this.shared;
    const pause = Math.min(RETRY_FIRST * 2 ** this.attempts, RETRY_LONGEST) * (0.5 + random() / 2);
    this.attempts += 1;
    this.retry = sweep.clock.after(pause, () => {
      this.retry = undefined;
      if (this.channels.size > 0) this.open().catch(() => undefined);
    });
  }

  /** The connection is of no more use. */
  private drop(): void {
    this.retry?.cancel();
    this.retry = undefined;
    this.stopProbing();
    const { link } = this;
    this.link = undefined;
    this.current = undefined;
    this.gap = false;
    link?.close();
  }

  private message(name: string, payload: unknown): void {
    const text = payload instanceof Uint8Array ? Buffer.from(payload).toString() : String(payload ?? '');
    for (const { listener } of this.channels.get(name)?.subscribers ?? []) {
      tell(() => listener.message(name, text));
    }
  }

  private subscribers(): Set<Subscriber> {
    return new Set([...this.channels.values()].flatMap((channel) => [...channel.subscribers]));
  }
}
