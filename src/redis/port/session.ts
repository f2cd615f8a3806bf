/** A connection of its own: for commands that block, and for those that belong together. */
import type { AbortRegistry } from './aborts.ts';
import { sendScript } from './scripting.ts';
import { Connection } from './connection.ts';
import type { ConnectionSettings } from './connection.ts';
import type { ServerNode } from './driver.ts';
import { isPaxxRedisError } from './errors.ts';
import type { Script } from './script.ts';
import { settled } from './pipeline.ts';
import type { DeadlineSweep } from './sweep.ts';
import type { Argument, Command, RedisSession, Reply, Result, SendOptions } from './types.ts';

export interface SessionHost {
  readonly sweep: DeadlineSweep;
  readonly aborts: AbortRegistry;
  readonly settings: ConnectionSettings;
  /** Where the key is. @param fresh look again: it may have moved */
  node(fresh: boolean): Promise<ServerNode>;
  /** Another connection to the same server, for what has to come from outside of the session. */
  control(node: ServerNode): Connection;
  closed(session: RedisSession): void;
}

/** How long a blocking command may take to reach the server before `unblock` gives up, in milliseconds. */
const UNBLOCK_WITHIN_MS = 1000;

export async function openSession(host: SessionHost): Promise<RedisSession> {
  const { sweep, aborts, settings } = host;
  let node = await host.node(false);
  let clientId: Promise<unknown> = Promise.resolve(undefined);
  let inTransaction = false;
  let closed = false;
  let connection = connect();

  function connect(): Connection {
    const made = new Connection(
      (events) =>
        node.connect(
          {
            ready() {
              // Before anything that could block. CLIENT UNBLOCK names the connection by it.
              clientId = made.link.call(['CLIENT', 'ID'], NO_ROUTE).catch(() => undefined);
              inTransaction = false;
              events.ready();
            },
            lost: (cause) => events.lost(cause),
            down: (cause) => events.down(cause),
            closed: (cause) => events.closed(cause),
          },
          true,
        ),
      sweep,
      aborts,
      settings,
    );
    made.link.open();
    return made;
  }

  async function send(command: Command, options?: SendOptions): Promise<Reply> {
    const name = command.args[0].toUpperCase();
    const used = connection;
    if (name === 'MULTI') inTransaction = true;
    else if (name === 'EXEC' || name === 'DISCARD') inTransaction = false;
    try {
      return await used.send(command, options);
    } catch (error) {
      if (wasMoved(error)) {
        // The node refused it, so nothing was done.
        await move(used);
        return connection.send(command, options);
      }
      // A failover may have made another node the master: the next command goes there.
      if (isPaxxRedisError(error, 'UNAVAILABLE')) move(used).catch(() => undefined);
      throw error;
    }
  }

  /** To the node that has the key now. */
  async function move(from: Connection): Promise<void> {
    const next = await host.node(true);
    if (connection !== from || closed || (next.id === node.id && from.state !== 'closed')) return;
    node = next;
    connection = connect();
    from.close();
  }

  const session: RedisSession = {
    clock: sweep.clock,
    send,
    script(script: Script, keys: readonly string[], args: readonly Argument[], options?: SendOptions) {
      // Within MULTI the answer is QUEUED; a script that the server lacks would only fail at EXEC.
      return sendScript(send, script, keys, args, options, inTransaction);
    },
    pipeline(commands: readonly Command[], options?: SendOptions): Promise<readonly Result[]> {
      return settled(() => connection.sendAll(commands, options));
    },
    async unblock() {
      const id = await clientId;
      if (typeof id !== 'number' || closed) return false;
      const until = sweep.clock.now() + UNBLOCK_WITHIN_MS;
      for (let pause = 1; connection.sent.size > 0; pause = Math.min(pause * 2, 50)) {
        const done = await host
          .control(node)
          .send({ args: ['CLIENT', 'UNBLOCK', String(id)] }, undefined)
          .catch(() => 0);
        if (Number(done) === 1) return true;
        if (sweep.clock.now() >= until) break;
        // It is under way, and has not reached the server yet, or has been answered just now.
        await new Promise<void>((resolve) => sweep.clock.after(pause, resolve));
      }
      return false;
    },
    async close() {
      if (closed) return;
      closed = true;
      connection.close();
      host.closed(session);
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
  return session;
}

const NO_ROUTE = { key: undefined, buffers: false };

function wasMoved(error: unknown): boolean {
  return isPaxxRedisError(error, 'REPLY') && (error.reply === 'MOVED' || error.reply === 'READONLY');
}
