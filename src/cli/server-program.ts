/** The way from the command line to the bundled server, which is built beside the CLI as a program of its own. */
import { createRequire } from 'node:module';

/** The part of `src/server/run` that the commands use; its types stay out of the CLI's. */
export interface ServerProgram {
  readonly StartError: new (message: string) => Error;
  /** Until `stop`, in this process. */
  runServer(options: { readonly args: readonly string[]; readonly log?: (message: string) => void }): Promise<{
    readonly url: string;
    stop(): Promise<void>;
  }>;
  startForeground(options: { readonly args: readonly string[]; readonly log?: (message: string) => void }): Promise<{
    readonly url: string;
    readonly host: string;
    readonly port: number;
    readonly stopped: Promise<number>;
  }>;
  startDetached(
    args: readonly string[],
  ): Promise<{ readonly pid: number; readonly url: string; readonly host: string; readonly port: number }>;
  listInstances(): readonly {
    readonly pid: number;
    readonly url: string;
    readonly port: number;
    readonly startedAt: string;
  }[];
  isAlive(pid: number): boolean;
  ping(
    url: string,
    timeout?: number,
  ): Promise<{ readonly health: 'ready' | 'loading' | 'silent'; readonly answer: string }>;
}

/** Loaded only here: no other command waits for it. */
export function loadServer(): ServerProgram {
  return createRequire(import.meta.url)('../server/run.cjs') as ServerProgram;
}
