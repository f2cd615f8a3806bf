/** What the cases share. */
import assert from 'node:assert/strict';
import { isPaxxRedisError } from '../../port/errors.ts';
import type { ErrorCode, PaxxRedisError } from '../../port/errors.ts';
import type { Argument, Command, RedisPort, Reply } from '../../port/types.ts';
import type { ConformanceCase, ConformanceOptions, Need, PortTarget } from '../port-conformance.ts';

interface Options extends ConformanceOptions {
  readonly needs?: Need;
}

type Body = (port: RedisPort, target: PortTarget) => Promise<void>;

export function portCase(name: string, body: Body): ConformanceCase;
export function portCase(name: string, options: Options, body: Body): ConformanceCase;
export function portCase(name: string, first: Options | Body, second?: Body): ConformanceCase {
  const { needs, ...options } = typeof first === 'function' ? ({} as Options) : first;
  const body = second ?? (first as Body);
  return {
    name,
    ...(needs && { needs }),
    async run(target) {
      const port = target.createPort(options);
      try {
        await body(port, target);
      } finally {
        await port.close();
      }
    },
  };
}

/** A key of this call alone; all of them share a hash tag, and so a node. */
export function freshKey(name = 'key'): string {
  counter += 1;
  return `{conformance}:${process.pid}:${counter}:${name}`;
}

let counter = 0;

/** A command whose first argument is its key. */
export function keyed(name: string, key: string, ...rest: Argument[]): Command {
  return { args: [name, key, ...rest], key };
}

export function ask(port: Pick<RedisPort, 'send'>, name: string, key: string, ...rest: Argument[]): Promise<Reply> {
  return port.send(keyed(name, key, ...rest));
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<PaxxRedisError> {
  try {
    const value = await promise;
    assert.fail(`fulfilled with ${JSON.stringify(value)} where ${code} was due`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(isPaxxRedisError(error), `rejected with ${String(error)} where ${code} was due`);
    assert.equal(error.code, code, error.message);
    return error;
  }
}

/** Asks again until the answer is truthy; for what happens soon, by no reply that one could await. */
export async function eventually<T>(check: () => T | Promise<T>, what: string, withinMs = 10_000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > until) assert.fail(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Ends connections from the server's side, as a failover or an idle limit does. */
export async function cutConnections(target: PortTarget, type: 'normal' | 'pubsub'): Promise<void> {
  await target.command('CLIENT', 'KILL', 'TYPE', type);
}

/** Waits until as many clients as that are blocked. */
export function blocked(target: PortTarget, count = 1): Promise<unknown> {
  return eventually(async () => {
    const info = String(await target.command('INFO', 'clients'));
    return Number(/blocked_clients:(\d+)/.exec(info)?.[1]) >= count;
  }, `${count} blocked clients`);
}
