/** One command on its way: who waits for it, until when, and where it is. */
import type { Route, WireArguments } from './driver.ts';
import type { Bucket, Timed } from './sweep.ts';
import type { Reply } from './types.ts';

export interface CallOwner {
  expired(call: Call): void;
}

/** A class, since there is one for every command: its methods are not made anew each time. */
export class Call implements Timed {
  readonly owner: CallOwner;
  readonly args: WireArguments;
  readonly route: Route;
  /** To carry it out twice is as good as once. */
  readonly repeatable: boolean;
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly signal: AbortSignal | undefined;
  state: 'waiting' | 'sent' | 'settled' = 'waiting';
  startedAt = 0;
  /** How many replies had come when it was sent. */
  repliesBefore = 0;
  repeated = false;
  // Its places in lists.
  bucket: Bucket | undefined = undefined;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;
  sentBefore: Call | undefined = undefined;
  sentAfter: Call | undefined = undefined;

  constructor(
    owner: CallOwner,
    args: WireArguments,
    route: Route,
    repeatable: boolean,
    deadlineMs: number,
    signal: AbortSignal | undefined,
    resolve: (reply: Reply) => void,
    reject: (error: Error) => void,
  ) {
    this.owner = owner;
    this.args = args;
    this.route = route;
    this.repeatable = repeatable;
    this.bytes = sizeOf(args);
    this.deadlineMs = deadlineMs;
    this.signal = signal;
    this.resolve = resolve;
    this.reject = reject;
  }

  get name(): string {
    return this.args[0].toUpperCase();
  }

  expire(): void {
    this.owner.expired(this);
  }
}

/** The calls that were sent and are not settled: linked, as a Set would be rebuilt again and again. */
export class SentCalls {
  first: Call | undefined = undefined;
  size = 0;

  add(call: Call): void {
    call.state = 'sent';
    call.sentAfter = this.first;
    if (this.first !== undefined) this.first.sentBefore = call;
    this.first = call;
    this.size += 1;
  }

  remove(call: Call): void {
    const { sentBefore, sentAfter } = call;
    if (sentAfter !== undefined) sentAfter.sentBefore = sentBefore;
    if (sentBefore === undefined) this.first = sentAfter;
    else sentBefore.sentAfter = sentAfter;
    call.sentBefore = undefined;
    call.sentAfter = undefined;
    this.size -= 1;
  }

  /** All, in the order in which they were sent; then none. */
  take(): Call[] {
    const calls: Call[] = [];
    for (let call = this.first; call !== undefined; call = this.first) {
      this.remove(call);
      call.state = 'waiting';
      calls.push(call);
    }
    return calls.toReversed();
  }
}

/** About how many bytes the client keeps for it. */
function sizeOf(args: WireArguments): number {
  let size = 0;
  for (let index = 0; index < args.length; index++) size += args[index]!.length;
  return size;
}
