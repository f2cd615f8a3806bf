/**
 * Commands over a link, with what clients lack: deadlines that hold for commands already written, a bound on what is
 * under way, and no second sending of what must not be sent twice.
 */
import type { AbortRegistry } from './aborts.ts';
import { fromClientError, unavailable } from './client-errors.ts';
import { toWire } from './driver.ts';
import type { Link, LinkEvents, LinkState, Route, WireArguments } from './driver.ts';
import { PaxxRedisError } from './errors.ts';
import { toReply } from './replies.ts';
import type { Bucket } from './sweep.ts';
import type { DeadlineSweep, Timed } from './sweep.ts';
import type { Command, Reply, SendOptions } from './types.ts';

export interface ConnectionSettings {
  readonly defaultDeadlineMs: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  /** After this long without any reply while commands wait, a connection of the port's own is taken anew. */
  readonly stuckAfterMs: number;
  readonly probeEveryMs: number;
}

interface Call extends Timed {
  readonly args: WireArguments;
  readonly route: Route;
  readonly repeatable: boolean;
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly startedAt: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  /** How many replies had come when it was sent. */
  repliesBefore: number;
  repeated: boolean;
  settled: boolean;
}

export class Connection implements LinkEvents {
  readonly link: Link;
  readonly sweep: DeadlineSweep;
  readonly aborts: AbortRegistry;
  readonly settings: ConnectionSettings;
  /** Sent and not settled. */
  readonly sent = new Set<Call>();
  /** Not sent, for want of a connection. */
  waiting: Call[] = [];
  /** What the client holds: commands whose reply has not come, those included whose time is up. */
  held = 0;
  heldBytes = 0;
  /** Counts connections lost: what was held by an earlier one is held no more. */
  epoch = 0;
  replies = 0;
  silence = { replies: 0, since: 0 };
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
    return this.sendAdmitted(command, options, this.refusal(command.args[0], options));
  }

  /** Consecutive on the wire. Admitted as a whole: a batch above the limit goes out when there is room for one. */
  sendAll(commands: readonly Command[], options: SendOptions | undefined): readonly Promise<Reply>[] {
    const refusal = this.refusal('pipeline', options);
    if (refusal !== undefined) throw refusal;
    return commands.map((command) => this.sendAdmitted(command, options, undefined));
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
    for (const call of calls) if (!call.settled) this.write(call);
  }

  lost(cause: unknown): void {
    this.epoch += 1;
    this.held = 0;
    this.heldBytes = 0;
    const calls = [...this.sent];
    this.sent.clear();
    for (const call of calls) {
      if (call.repeatable && !call.repeated && !this.ended) this.repeat(call);
      else this.fail(call, unavailable(nameOf(call), this.link.address, cause));
    }
  }

  down(cause: unknown): void {
    const calls = this.waiting;
    this.waiting = [];
    for (const call of calls) this.fail(call, unavailable(nameOf(call), this.link.address, cause));
  }

  closed(cause: unknown): void {
    this.failAll((call) => unavailable(nameOf(call), this.link.address, cause));
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
    const bytes = this.waiting.reduce((sum, call) => sum + call.bytes, this.heldBytes);
    if (count < maxInFlight && bytes < maxInFlightBytes) return undefined;
    const stuck = this.held - this.sent.size;
    const hint = stuck > 0 ? `; ${stuck} of them are past their deadline, so Redis or the network is stuck` : '';
    return new PaxxRedisError(
      'OVERLOADED',
      `${what}: ${count} commands (${bytes} bytes) wait for a reply already${hint}.`,
    );
  }

  private sendAdmitted(
    command: Command,
    options: SendOptions | undefined,
    refusal: PaxxRedisError | undefined,
  ): Promise<Reply> {
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const args = toWire(command.args);
      const deadlineMs = options?.deadlineMs ?? this.settings.defaultDeadlineMs;
      const call: Call = {
        args,
        route: { key: command.key, buffers: options?.buffers === true },
        repeatable: command.readOnly === true || command.idempotent === true,
        bytes: sizeOf(args),
        deadlineMs,
        startedAt: this.sweep.clock.now(),
        resolve,
        reject,
        signal: options?.signal,
        repliesBefore: 0,
        repeated: false,
        settled: false,
        bucket: undefined as Bucket | undefined,
        before: undefined,
        after: undefined,
        expire: () => this.expire(call),
      };
      if (deadlineMs <= 0) return this.expire(call);
      this.sweep.add(call, deadlineMs);
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
      (value) => {
        this.release(call, epoch);
        if (call.settled || !this.sent.has(call)) return;
        try {
          const reply = toReply(value, call.route.buffers);
          this.settle(call);
          call.resolve(reply);
        } catch (error) {
          this.fail(call, fromClientError(error, nameOf(call), this.link.address));
        }
      },
      (error: unknown) => {
        this.release(call, epoch);
        // A call that is sent again on a new connection is no longer this connection's.
        if (call.settled || (epoch !== this.epoch && !this.sent.has(call))) return;
        this.refused(call, fromClientError(error, nameOf(call), this.link.address));
      },
    );
  }

  private refused(call: Call, error: PaxxRedisError): void {
    const lost = error.code === 'UNAVAILABLE';
    if (lost && call.repeatable && !call.repeated) {
      this.sent.delete(call);
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
      if (call.settled) return;
      const { state } = this.link;
      if (state === 'unavailable' || state === 'closed') {
        this.fail(call, unavailable(nameOf(call), this.link.address, this.link.cause));
      } else this.start(call);
    });
  }

  private release(call: Call, epoch: number): void {
    if (epoch !== this.epoch) return;
    this.replies += 1;
    this.held -= 1;
    this.heldBytes -= call.bytes;
  }

  private expire(call: Call): void {
    const what = `${nameOf(call)}: within ${call.deadlineMs} ms`;
    if (!this.sent.has(call)) return this.fail(call, unavailable(what, this.link.address, this.link.cause));
    this.fail(call, new PaxxRedisError('TIMEOUT', `${what} no reply from Redis at ${this.link.address}`));
    if (this.replies === call.repliesBefore) this.noteSilence(call);
  }

  private noteSilence(call: Call): void {
    if (this.silence.replies !== this.replies || this.silence.since === 0) {
      this.silence = { replies: this.replies, since: call.startedAt };
    }
    if (this.sweep.clock.now() - this.silence.since < this.settings.stuckAfterMs) return;
    this.silence.since = 0;
    this.link.reset?.();
  }

  private abort(call: Call): void {
    if (call.signal !== undefined) this.fail(call, aborted(nameOf(call), call.signal));
  }

  private fail(call: Call, error: Error): void {
    if (call.settled) return;
    this.settle(call);
    call.reject(error);
  }

  private settle(call: Call): void {
    call.settled = true;
    this.sent.delete(call);
    this.sweep.remove(call);
    if (call.signal !== undefined) this.aborts.remove(call.signal, call);
    if (this.waiting.length > 0) this.waiting = this.waiting.filter((other) => other !== call);
  }

  private failAll(errorFor: (call: Call) => Error): void {
    const calls = [...this.waiting, ...this.sent];
    this.waiting = [];
    this.sent.clear();
    for (const call of calls) this.fail(call, errorFor(call));
  }
}

const REPEAT_AFTER_MS = 50;

function aborted(what: string, signal: AbortSignal): PaxxRedisError {
  return new PaxxRedisError('ABORTED', `${what}: aborted by the caller`, { cause: signal.reason });
}

function nameOf(call: Call): string {
  return call.args[0].toUpperCase();
}

/** About how many bytes the client keeps for it. */
function sizeOf(args: WireArguments): number {
  let size = 0;
  for (const argument of args) size += argument.length;
  return size;
}
