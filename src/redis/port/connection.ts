/**
 * Commands over a link, with what clients lack: deadlines that hold for commands already written, a bound on what is
 * under way, and no second sending of what must not be sent twice.
 */
import { commandChannel, traceCommand, tracePipeline } from '../telemetry/commands.ts';
import type { AbortRegistry } from './aborts.ts';
import { Call, SentCalls } from './call.ts';
import type { CallOwner } from './call.ts';
import { fromClientError, unavailable } from './client-errors.ts';
import { toWire } from './driver.ts';
import type { Link, LinkEvents, LinkState } from './driver.ts';
import { PaxxRedisError } from './errors.ts';
import { toReply } from './replies.ts';
import type { DeadlineSweep } from './sweep.ts';
import type { Command, Reply, SendOptions } from './types.ts';

export interface ConnectionSettings {
  readonly defaultDeadlineMs: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** After this long without any reply while commands wait, a connection of the port's own is taken anew. */
  readonly stuckAfterMs: number;
  readonly probeEveryMs: number;
}

export class Connection implements LinkEvents, CallOwner {
  readonly link: Link;
  readonly sweep: DeadlineSweep;
  readonly aborts: AbortRegistry;
  readonly settings: ConnectionSettings;
  /** Sent and not settled. */
  readonly sent = new SentCalls();
  /** Not sent, for want of a connection. */
  waiting: Call[] = [];
  /** What the client holds: commands whose reply has not come, those included whose time is up. */
  held = 0;
  heldBytes = 0;
  /** Counts connections lost: what was held by an earlier one is held no more. */
  epoch = 0;
  replies = 0;
  /** Infinity: no silence was noted. */
  silence = { replies: 0, since: Infinity };
  ended = false;

  constructor(
    openLink: (events: LinkEvents) => Link,
    sweep: DeadlineSweep,
    aborts: AbortRegistry,
    settings: ConnectionSettings,
  ) {
    this.sweep = sweep;
    this.aborts = aborts;
    this.settings = settings;
    this.link = openLink(this);
  }

  get state(): LinkState {
    return this.ended ? 'closed' : this.link.state;
  }

  send(command: Command, options: SendOptions | undefined): Promise<Reply> {
    if (!commandChannel.hasSubscribers) return this.sendOne(command, options);
    const send = (): Promise<Reply> => this.sendOne(command, options);
    return traceCommand(this.sweep.clock, command.args[0], this.link.address, send);
  }

  /** Consecutive on the wire. Admitted as a whole: a batch above the limit goes out when there is room for one. */
  sendAll(commands: readonly Command[], options: SendOptions | undefined): readonly Promise<Reply>[] {
    const refusal = this.refusal('pipeline', options);
    if (refusal !== undefined) throw refusal;
    const replies = commands.map((command) => this.sendAdmitted(command, options, undefined));
    if (commandChannel.hasSubscribers) tracePipeline(this.sweep.clock, this.link.address, replies);
    return replies;
  }

  close(error = new PaxxRedisError('CLOSED', 'The connection was closed.')): void {
    if (this.ended) return;
    this.ended = true;
    this.link.close();
    this.failAll(() => error);
  }

  // Told by the link.

  ready(): void {
    const calls = this.waiting;
    this.waiting = [];
    for (const call of calls) if (call.state === 'waiting') this.write(call);
  }

  lost(cause: unknown): void {
    this.epoch += 1;
    this.held = 0;
    this.heldBytes = 0;
    const calls = this.sent.take();
    for (const call of calls) {
      if (call.repeatable && !call.repeated && !this.ended) this.repeat(call);
      else this.fail(call, unavailable(call.name, this.link.address, cause));
    }
  }

  down(cause: unknown): void {
    const calls = this.waiting;
    this.waiting = [];
    for (const call of calls) this.fail(call, unavailable(call.name, this.link.address, cause));
  }

  closed(cause: unknown): void {
    this.failAll((call) => unavailable(call.name, this.link.address, cause));
  }

  /** Why nothing can be sent now. */
  private refusal(what: string, options: SendOptions | undefined): PaxxRedisError | undefined {
    if (options?.signal?.aborted) return aborted(what, options.signal);
    if (this.ended) return new PaxxRedisError('CLOSED', `${what}: the connection was closed.`);
    const { state } = this.link;
    // Fail now with the reason instead of at the deadline without one.
    if (state === 'unavailable' || state === 'closed') return unavailable(what, this.link.address, this.link.cause);
    const { maxInFlight, maxInFlightBytes } = this.settings;
    const count = this.held + this.waiting.length;
    let bytes = this.heldBytes;
    if (this.waiting.length > 0) for (const call of this.waiting) bytes += call.bytes;
    if (count < maxInFlight && bytes < maxInFlightBytes) return undefined;
    const stuck = this.held - this.sent.size;
    const hint = stuck > 0 ? `; ${stuck} of them are past their deadline, so Redis or the network is stuck` : '';
    return new PaxxRedisError(
      'OVERLOADED',
      `${what}: ${count} commands (${bytes} bytes) wait for a reply already${hint}.`,
    );
  }

  private sendOne(command: Command, options: SendOptions | undefined): Promise<Reply> {
    return this.sendAdmitted(command, options, this.refusal(command.args[0], options));
  }

  private sendAdmitted(
    command: Command,
    options: SendOptions | undefined,
    refusal: PaxxRedisError | undefined,
  ): Promise<Reply> {
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const { key } = command;
      const deadlineMs = options?.deadlineMs ?? this.settings.defaultDeadlineMs;
      const call = new Call(
        this,
        toWire(command.args),
        options?.buffers === true ? { key, buffers: true } : { key, buffers: false },
        command.readOnly === true || command.idempotent === true,
        deadlineMs,
        options?.signal,
        resolve,
        reject,
      );
      if (deadlineMs <= 0) return this.expired(call);
      call.startedAt = this.sweep.add(call, deadlineMs);
      if (call.signal !== undefined) this.aborts.add(call.signal, call, () => this.abort(call));
      this.start(call);
    });
  }

  private start(call: Call): void {
    if (this.link.state === 'ready') return this.write(call);
    this.waiting.push(call);
    this.link.open();
  }

  private write(call: Call): void {
    const { epoch } = this;
    this.held += 1;
    this.heldBytes += call.bytes;
    call.repliesBefore = this.replies;
    this.sent.add(call);
    this.link.call(call.args, call.route).then(
      (value) => this.answered(call, epoch, value),
      (error: unknown) => this.failed(call, epoch, error),
    );
  }

  private answered(call: Call, epoch: number, value: unknown): void {
    this.release(call, epoch);
    if (call.state !== 'sent') return;
    try {
      const reply = toReply(value, call.route.buffers);
      this.settle(call);
      call.resolve(reply);
    } catch (error) {
      this.fail(call, fromClientError(error, call.name, this.link.address));
    }
  }

  private failed(call: Call, epoch: number, error: unknown): void {
    this.release(call, epoch);
    // The loss of its connection was told already, and it may be on its way again.
    if (call.state === 'sent' && epoch === this.epoch) {
      this.refused(call, fromClientError(error, call.name, this.link.address));
    }
  }

  private refused(call: Call, error: PaxxRedisError): void {
    const lost = error.code === 'UNAVAILABLE';
    if (lost && call.repeatable && !call.repeated) {
      this.sent.remove(call);
      call.state = 'waiting';
      this.repeat(call);
    } else {
      this.fail(call, error);
    }
  }

  /** Once more, on the next connection. Clusters tell of a lost node by the commands alone, so give them a moment. */
  private repeat(call: Call): void {
    call.repeated = true;
    if (this.link.state !== 'ready') return this.start(call);
    this.sweep.clock.after(REPEAT_AFTER_MS, () => {
      if (call.state === 'settled') return;
      const { state } = this.link;
      if (state === 'unavailable' || state === 'closed') {
        this.fail(call, unavailable(call.name, this.link.address, this.link.cause));
      } else this.start(call);
    });
  }

  private release(call: Call, epoch: number): void {
    if (epoch !== this.epoch) return;
    this.replies += 1;
    this.held -= 1;
    this.heldBytes -= call.bytes;
  }

  expired(call: Call): void {
    const what = `${call.name}: within ${call.deadlineMs} ms`;
    if (call.state !== 'sent') return this.fail(call, unavailable(what, this.link.address, this.link.cause));
    this.fail(call, new PaxxRedisError('TIMEOUT', `${what} no reply from Redis at ${this.link.address}`));
    if (this.replies === call.repliesBefore) this.noteSilence(call);
  }

  private noteSilence(call: Call): void {
    if (this.silence.replies !== this.replies || this.silence.since === Infinity) {
      this.silence = { replies: this.replies, since: call.startedAt };
    }
    if (this.sweep.clock.now() - this.silence.since < this.settings.stuckAfterMs) return;
    this.silence.since = Infinity;
    this.link.reset?.();
  }

  private abort(call: Call): void {
    if (call.signal !== undefined) this.fail(call, aborted(call.name, call.signal));
  }

  private fail(call: Call, error: Error): void {
    if (call.state === 'settled') return;
    this.settle(call);
    call.reject(error);
  }

  private settle(call: Call): void {
    if (call.state === 'sent') this.sent.remove(call);
    else if (this.waiting.length > 0) this.waiting = this.waiting.filter((other) => other !== call);
    call.state = 'settled';
    this.sweep.remove(call);
    if (call.signal !== undefined) this.aborts.remove(call.signal, call);
  }

  private failAll(errorFor: (call: Call) => Error): void {
    const calls = [...this.waiting, ...this.sent.take()];
    this.waiting = [];
    for (const call of calls) this.fail(call, errorFor(call));
  }
}

const REPEAT_AFTER_MS = 50;

function aborted(what: string, signal: AbortSignal): PaxxRedisError {
  return new PaxxRedisError('ABORTED', `${what}: aborted by the caller`, { cause: signal.reason });
}
