/**
 * Scripts whose effect must reach replicas before it counts.
 *
 * WAIT counts replicas that have the writes of its own connection, so script and WAIT go over one session, which other
 * commands would only wait behind. It counts, it does not undo: a shortfall is for the caller to take back.
 * @see https://redis.io/docs/latest/commands/wait/
 */
import { PaxxRedisError } from '../../port/errors.ts';
import type { Script } from '../../port/script.ts';
import type { Argument, RedisPort, RedisSession, Reply, SendOptions } from '../../port/types.ts';

export interface ReplicaOptions {
  /** Replicas that must have the lease. They make its loss in a failover less likely, not impossible. Default: 0. */
  readonly minReplicas?: number;
  /** Milliseconds to wait for them. Default: 1000. */
  readonly replicaTimeoutMs?: number;
}

export interface Replicated {
  readonly reply: Reply;
  /** Fewer replicas than asked for have it. */
  readonly shortfall: PaxxRedisError | undefined;
}

/** One session for all such scripts of a port; in a cluster, one per key. */
const sessions = new WeakMap<RedisPort, Map<string, Promise<RedisSession>>>();

export async function runReplicated(
  port: RedisPort,
  script: Script,
  keys: readonly [string, ...string[]],
  args: readonly Argument[],
  replicas: ReplicaOptions,
  options: SendOptions,
): Promise<Replicated> {
  const { minReplicas = 0, replicaTimeoutMs = 1000 } = replicas;
  if (minReplicas === 0) return { reply: await port.script(script, keys, args, options), shortfall: undefined };
  const { cluster } = await port.capabilities(options);
  const id = cluster ? keys[0] : '';
  let ofPort = sessions.get(port);
  if (ofPort === undefined) sessions.set(port, (ofPort = new Map()));
  let opening = ofPort.get(id);
  if (opening === undefined) ofPort.set(id, (opening = port.session({ ...options, key: keys[0] })));
  try {
    const session = await opening;
    const reply = await session.script(script, keys, args, options);
    const limit = options.deadlineMs ?? port.defaultDeadlineMs;
    const count = await session.send(
      { args: ['WAIT', minReplicas, Math.round(Math.min(replicaTimeoutMs, limit))], key: keys[0] },
      { ...options, deadlineMs: replicaTimeoutMs + limit },
    );
    const enough = Number(count) >= minReplicas;
    return { reply, shortfall: enough ? undefined : tooFew(Number(count), minReplicas) };
  } catch (error) {
    if (ofPort.get(id) === opening) ofPort.delete(id);
    opening.then((session) => session.close()).catch(() => {});
    throw error;
  }
}

function tooFew(count: number, wanted: number): PaxxRedisError {
  return new PaxxRedisError('UNAVAILABLE', `${count} of at least ${wanted} replicas have the write.`);
}
