/**
 * Playbooks: workflows of steps over a lease and a record, taken up again wherever they broke off (sagas).
 *
 * One process at a time works at a run, under its lease. Each step's result is recorded before the next begins, by a
 * script that refuses a holder with an older fencing token. When a step fails for good, the steps before it are
 * compensated, last first, and that is recorded too. So a run ends either with every step done, or with every done step
 * compensated, however often it broke off. A step that broke off before its record runs again: see `idempotencyKey`.
 * @see https://dl.acm.org/doi/10.1145/38713.38742 (Sagas)
 */
import { milliseconds } from '../port/durations.ts';
import type { Duration } from '../port/durations.ts';
import { PaxxRedisError } from '../port/errors.ts';
import type { RedisPort, Reply, SendOptions } from '../port/types.ts';
import { createLeases } from '../primitives/lease/index.ts';
import type { Lease } from '../primitives/lease/index.ts';
import { keyNames } from '../primitives/support/keys.ts';
import { tracePrimitive } from '../telemetry/index.ts';
import { READ, RECORD, TAKE_UP } from './scripts.ts';
import { attemptStep, checkSteps } from './steps.ts';
import type { Step } from './steps.ts';

export interface PlaybookOptions<Input> {
  readonly name: string;
  readonly steps: readonly Step<Input>[];
  /** Of all keys. Default `paxx`. */
  readonly prefix?: string;
  /** How long a run's record outlives its last change. Default 7 days. */
  readonly retention?: Duration;
  /** Of the lease between renewals: how long a run stands still after its process died. Default 15 s. */
  readonly lease?: Duration;
}

export interface PlaybookRunOptions {
  /** Milliseconds to wait while another process is at this run. Default 10 s. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
}

export type PlaybookStatus = 'running' | 'compensating' | 'done' | 'failed';

export interface PlaybookState {
  readonly status: PlaybookStatus;
  /** Of the steps that are done, by their names. */
  readonly results: Readonly<Record<string, unknown>>;
  readonly compensated: readonly string[];
  /** Why it failed. */
  readonly error: string | undefined;
}

export interface Playbook<Input> {
  /**
   * Work until the run is done: start it, take it up where it broke off, or give the results of one that is done.
   * @returns the steps' results by their names
   * @throws PaxxRedisError CONTENDED while another process is at it, CONFLICT where the run was started with another
   * input, LEASE_LOST; and PlaybookFailed when a step failed and what was done is compensated
   */
  run(id: string, input: Input, options?: PlaybookRunOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Undefined where there is no such run. */
  state(id: string, options?: SendOptions): Promise<PlaybookState | undefined>;
}

/** A step failed for good; every done step is compensated. */
export class PlaybookFailed extends Error {
  readonly state: PlaybookState;

  constructor(name: string, id: string, state: PlaybookState, cause?: unknown) {
    super(`Playbook ${name}, run ${id}, failed: ${state.error}`, cause === undefined ? undefined : { cause });
    this.name = 'PlaybookFailed';
    this.state = state;
  }
}

/** Redis must keep the record: `noeviction`, and persistence if it is to survive a restart. */
export function createPlaybook<Input>(port: RedisPort, options: PlaybookOptions<Input>): Playbook<Input> {
  const { name, steps } = options;
  checkSteps(name, steps);
  const retentionMs = milliseconds(options.retention ?? '7d', 'retention');
  const leaseMs = milliseconds(options.lease ?? '15s', 'lease');
  const keyOf = keyNames(options.prefix);
  const leases = createLeases(port, options.prefix === undefined ? {} : { prefix: options.prefix });
  const random = port.random ?? Math.random;

  const leaseName = (id: string): string => `playbook:${name}:${id}`;
  const recordKey = (id: string): string => keyOf(leaseName(id), 'record');

  async function work(id: string, input: Input, lease: Lease, signal: AbortSignal): Promise<Record<string, unknown>> {
    const record = fieldsIn(
      await port.script(TAKE_UP, [recordKey(id)], [lease.token, JSON.stringify(input) ?? 'null', retentionMs], {
        signal,
      }),
    );
    if (record.size === 0) throw lost(id);
    if (record.get('input') !== (JSON.stringify(input) ?? 'null')) {
      throw new PaxxRedisError('CONFLICT', `Run ${id} of playbook ${name} was started with another input.`);
    }
    let state = stateOf(record, steps);
    const done = doneIn(record);
    if (state.status === 'done') return { ...state.results };
    let cause: unknown;
    if (state.status === 'running') {
      try {
        return await forward(id, input, lease, signal, { ...state.results }, done);
      } catch (error) {
        if (!(error instanceof StepFailed)) throw error;
        ({ cause } = error);
        await write(id, lease, ...done, 'status', 'compensating', 'error', error.message);
        state = { ...state, status: 'compensating', results: error.results, error: error.message };
      }
    }
    if (state.status === 'compensating') state = await backward(id, input, lease, signal, state, done);
    throw new PlaybookFailed(name, id, state, cause);
  }

  async function forward(
    id: string,
    input: Input,
    lease: Lease,
    signal: AbortSignal,
    results: Record<string, unknown>,
    done: string[],
  ): Promise<Record<string, unknown>> {
    for (const step of steps) {
      if (Object.hasOwn(results, step.name)) continue;
      const idempotencyKey = `${name}:${id}:${step.name}`;
      let text: string;
      try {
        const result = await attemptStep(
          step,
          (attempt) => step.run({ input, results, signal, attempt, idempotencyKey, token: lease.token }),
          { clock: port.clock, random, signal },
        );
        text = JSON.stringify(result) ?? 'null';
      } catch (error) {
        signal.throwIfAborted();
        throw new StepFailed(step.name, error, results);
      }
      lease.assert();
      done.push(`done:${step.name}`, text);
      await write(id, lease, ...done);
      results[step.name] = JSON.parse(text);
    }
    await write(id, lease, ...done, 'status', 'done');
    return results;
  }

  /** @throws what a compensation throws after its retries: the run stays `compensating`, and can be taken up again */
  async function backward(
    id: string,
    input: Input,
    lease: Lease,
    signal: AbortSignal,
    state: PlaybookState,
    done: readonly string[],
  ): Promise<PlaybookState> {
    const { results } = state;
    const compensated = [...state.compensated];
    for (const step of steps.toReversed()) {
      if (!Object.hasOwn(results, step.name) || compensated.includes(step.name)) continue;
      const idempotencyKey = `${name}:${id}:${step.name}:compensate`;
      const result = results[step.name];
      if (step.compensate !== undefined) {
        await attemptStep(
          step,
          (attempt) =>
            step.compensate!({ input, results, result, signal, attempt, idempotencyKey, token: lease.token }),
          { clock: port.clock, random, signal },
        );
      }
      lease.assert();
      compensated.push(step.name);
      await write(id, lease, ...done, ...undoneOf(compensated), 'status', 'compensating');
    }
    await write(id, lease, ...done, ...undoneOf(compensated), 'status', 'failed');
    return { ...state, status: 'failed', compensated };
  }

  async function write(id: string, lease: Lease, ...pairs: string[]): Promise<void> {
    const reply = await port.script(RECORD, [recordKey(id)], [lease.token, retentionMs, ...pairs], {
      signal: lease.signal,
    });
    if (reply !== 1) throw lost(id);
  }

  function lost(id: string): PaxxRedisError {
    return new PaxxRedisError('LEASE_LOST', `Another process has taken up run ${id} of playbook ${name}.`);
  }

  return {
    run: (id, input, given = {}) =>
      tracePrimitive(port.clock, 'playbook', 'run', `${name}:${id}`, () =>
        leases.using(leaseName(id), { ttlMs: leaseMs, owner: name, ...given }, (lease) => {
          const signal = given.signal === undefined ? lease.signal : AbortSignal.any([lease.signal, given.signal]);
          return work(id, input, lease, signal);
        }),
      ),
    async state(id, given) {
      const record = fieldsIn(await port.script(READ, [recordKey(id)], [], given));
      return record.size === 0 ? undefined : stateOf(record, steps);
    },
  };
}

class StepFailed extends Error {
  readonly results: Readonly<Record<string, unknown>>;

  constructor(step: string, cause: unknown, results: Readonly<Record<string, unknown>>) {
    super(`step ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.results = results;
  }
}

function fieldsIn(reply: Reply): Map<string, string> {
  const flat = (Array.isArray(reply) ? reply : []).map(String);
  return new Map(flat.flatMap((field, i): [string, string][] => (i % 2 === 0 ? [[field, flat[i + 1]!]] : [])));
}

/**
 * Names and values of what steps gave. Each write has them all: a failover may have lost one that was written before,
 * and what is marked as done must have every result.
 */
function doneIn(record: ReadonlyMap<string, string>): string[] {
  return [...record].flatMap((field) => (field[0].startsWith('done:') ? field : []));
}

function undoneOf(compensated: readonly string[]): string[] {
  return compensated.flatMap((name) => [`undone:${name}`, '1']);
}

function stateOf(record: ReadonlyMap<string, string>, steps: readonly { readonly name: string }[]): PlaybookState {
  const results: Record<string, unknown> = {};
  const compensated: string[] = [];
  for (const { name } of steps) {
    const done = record.get(`done:${name}`);
    if (done !== undefined) results[name] = JSON.parse(done);
    if (record.has(`undone:${name}`)) compensated.push(name);
  }
  return { status: record.get('status') as PlaybookStatus, results, compensated, error: record.get('error') };
}
