// What clients sent: a record for assertions, and a way to wait for a command instead of sleeping.

import type { Server } from '../server.ts';
import { matcherOf, seen } from './target.ts';
import type { SeenCommand, Target } from './target.ts';

export interface WaitOptions {
  /** How long to wait, in real milliseconds; 5,000 by default. */
  readonly timeout?: number;
}

interface Wait {
  readonly matches: (command: SeenCommand) => boolean;
  readonly found: (command: SeenCommand) => void;
}

/** Commands that ran, those inside transactions and scripts too. Direct calls are not among them. */
export class CommandLog {
  readonly server: Server;
  recording = false;
  records: SeenCommand[] = [];
  readonly waits = new Set<Wait>();
  stopObserving: (() => void) | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
  }

  /** Keep what runs from now on. Costs a little time per command. */
  start(): void {
    this.recording = true;
    this.update();
  }

  stop(): void {
    this.recording = false;
    this.update();
  }

  clear(): void {
    this.records = [];
  }

  /** What was recorded, in order of execution. */
  list(target?: Target): readonly SeenCommand[] {
    return this.records.filter(matcherOf(target));
  }

  /** The first recorded command that matches, or the next one that runs. Rejects when its time is up. */
  waitFor(target: Target, { timeout = 5000 }: WaitOptions = {}): Promise<SeenCommand> {
    const matches = matcherOf(target);
    const known = this.records.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((done, failed) => {
      const timer = setTimeout(() => {
        this.forget(wait);
        failed(new Error(`no command like ${describe(target)} within ${timeout} ms`));
      }, timeout);
      const wait: Wait = {
        matches,
        found: (command) => {
          clearTimeout(timer);
          this.forget(wait);
          done(command);
        },
      };
      this.waits.add(wait);
      this.update();
    });
  }

  forget(wait: Wait): void {
    this.waits.delete(wait);
    this.update();
  }

  /** Look at commands only while somebody asks for them. */
  update(): void {
    const wanted = this.recording || this.waits.size > 0;
    if (wanted && this.stopObserving === undefined) {
      this.stopObserving = this.server.addObserver({
        after: (call) => {
          if (call.client.transport !== undefined) this.note(seen(call));
        },
      });
    } else if (!wanted) {
      this.stopObserving?.();
      this.stopObserving = undefined;
    }
  }

  note(command: SeenCommand): void {
    if (this.recording) this.records.push(command);
    for (const wait of this.waits) if (wait.matches(command)) wait.found(command);
  }
}

function describe(target: Target): string {
  return typeof target === 'function' ? 'the one looked for' : String(target);
}
