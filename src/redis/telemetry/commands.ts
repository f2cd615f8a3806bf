/** What each command did and how long it took, as the caller of a port saw it. Free of cost while nobody listens. */
import { tracingChannel } from 'node:diagnostics_channel';
import type { TracingChannel } from 'node:diagnostics_channel';
import { reasonOf } from './channels.ts';

/** The same object in all events of one command. No arguments: they carry what the app keeps. */
export interface CommandOperation {
  /** `GET`, `EVALSHA` …; `PIPELINE` for commands that are sent together. */
  readonly command: string;
  /** `host:port`, a path, or what stands for a cluster. */
  readonly server: string;
  /** How many commands a pipeline has. */
  readonly batchSize?: number;
  durationMs?: number;
  outcome?: 'ok' | 'error';
  /** Of an error: its code. Of a pipeline: of the first that failed. */
  reason?: string;
  /** Of an error reply: its first word, such as `WRONGTYPE`. */
  status?: string;
}

/** @see https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#class-tracingchannel */
export const commandChannel: TracingChannel<CommandOperation, CommandOperation> = tracingChannel('paxx-redis:command');

interface Clock {
  now(): number;
}

export function traceCommand<T>(clock: Clock, command: string, server: string, send: () => Promise<T>): Promise<T> {
  const operation: CommandOperation = { command: command.toUpperCase(), server };
  return trace(clock, operation, send);
}

/** @param replies of the commands, which settle one by one */
export function tracePipeline<T>(clock: Clock, server: string, replies: readonly Promise<T>[]): void {
  const operation: CommandOperation = { command: 'PIPELINE', server, batchSize: replies.length };
  // Whoever sent them hears of what fails.
  trace(clock, operation, () => Promise.all(replies.map(settled)).then(firstFailure)).catch(() => undefined);
}

function settled(reply: Promise<unknown>): Promise<{ readonly error?: unknown }> {
  return reply.then(
    () => ({}),
    (error: unknown) => ({ error }),
  );
}

function firstFailure(ends: readonly { readonly error?: unknown }[]): void {
  const failed = ends.find((end) => 'error' in end);
  if (failed !== undefined) throw failed.error;
}

function trace<T>(clock: Clock, operation: CommandOperation, work: () => Promise<T>): Promise<T> {
  const started = clock.now();
  return commandChannel.tracePromise(async () => {
    try {
      const value = await work();
      operation.outcome = 'ok';
      return value;
    } catch (error) {
      operation.outcome = 'error';
      operation.reason = reasonOf(error);
      const status: unknown = error instanceof Error ? Reflect.get(error, 'reply') : undefined;
      if (typeof status === 'string') operation.status = status;
      throw error;
    } finally {
      operation.durationMs = clock.now() - started;
    }
  }, operation);
}
