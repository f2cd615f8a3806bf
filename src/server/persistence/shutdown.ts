// The way out: replicas that lag get a while to catch up, what is to be kept is saved, then the server stops.

import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import { configOf } from '../config/config.ts';
import { CommandError } from '../errors.ts';
import { replicasOf } from '../replication/replicas.ts';
import type { Server } from '../server.ts';
import { persistenceOf } from './persistence.ts';
import { messageOf, savingOf } from './saving.ts';

const KEY = Symbol('shutdown');
const CRON_MS = 100;

export const SHUTDOWN_FAILED = new CommandError('ERR Errors trying to SHUTDOWN. Check logs.');

/** `save`, `nosave`, `now`, `force`. */
export type ShutdownOptions = ReadonlySet<string>;

interface Wait {
  readonly options: ShutdownOptions;
  readonly deadline: number;
  readonly timer: Timer;
  /** A signal asked, not a client. */
  readonly bySignal: boolean;
}

export function shutdownOf(server: Server): Shutdown {
  let shutdown = server.extras.get(KEY) as Shutdown | undefined;
  if (shutdown === undefined) server.extras.set(KEY, (shutdown = new Shutdown(server)));
  return shutdown;
}

export class Shutdown {
  readonly server: Server;
  /** While replicas are waited for. */
  waiting: Wait | undefined = undefined;
  /** Clients whose SHUTDOWN has no answer yet. */
  readonly askers = new Set<Client>();
  readonly look = (): void => {
    if (this.waiting !== undefined && this.allInSync()) this.endWait();
  };

  /** A signal has asked, and the next turn of the cron will obey. */
  scheduled: NodeJS.Timeout | undefined = undefined;

  constructor(server: Server) {
    this.server = server;
  }

  /** What a signal asked for could not be done. */
  failed = false;

  get isScheduled(): boolean {
    return this.scheduled !== undefined || this.waiting !== undefined;
  }

  /** Begin on the next turn; later while DEBUG PAUSE-CRON holds the server's own work up. */
  schedule(options: ShutdownOptions): void {
    this.scheduled = setTimeout(
      () => {
        if (this.server.cronPaused) return this.schedule(options);
        this.scheduled = undefined;
        this.server.guarded(undefined, () => {
          this.failed = !this.begin(options, true);
        });
      },
      this.server.cronPaused ? CRON_MS : 0,
    );
  }

  /** Begin; false when it cannot be done. Until it is done, `waiting` says what for. */
  begin(options: ShutdownOptions, bySignal = false): boolean {
    if (this.waiting !== undefined) return true;
    const { server } = this;
    server.log('User requested shutdown...');
    const patience = Number(configOf(server).value('shutdown-timeout')) * 1000;
    if (options.has('now') || patience === 0 || this.allInSync()) return this.finish(options);
    const deadline = server.clock.now() + patience;
    // What is written from now on would have to be waited for as well.
    server.pause.start(Infinity, false, 'shutdown');
    const timer = server.clock.schedule(deadline, () => this.endWait());
    this.waiting = { options, deadline, timer, bySignal };
    replicasOf(server).ackListeners.add(this.look);
    replicasOf(server).ask();
    return true;
  }

  abort(): boolean {
    if (!this.isScheduled) return false;
    clearTimeout(this.scheduled);
    this.scheduled = undefined;
    if (this.waiting !== undefined) this.leaveWait();
    this.server.log('Shutdown manually aborted.');
    this.fail();
    return true;
  }

  endWait(): void {
    const { options, bySignal } = this.leaveWait();
    if (this.finish(options)) return;
    this.failed = bySignal;
    this.fail();
  }

  leaveWait(): Wait {
    const waiting = this.waiting!;
    this.waiting = undefined;
    waiting.timer.cancel();
    replicasOf(this.server).ackListeners.delete(this.look);
    return waiting;
  }

  /** Everybody goes on; whoever asked is told. */
  fail(): void {
    this.server.pause.end('shutdown');
    for (const client of this.askers) this.server.blocking.fail(client, SHUTDOWN_FAILED);
    this.askers.clear();
  }

  allInSync(): boolean {
    const replicas = replicasOf(this.server);
    return replicas.countAt(replicas.written) === replicas.clients.size;
  }

  finish(options: ShutdownOptions): boolean {
    const { server } = this;
    const forced = options.has('force');
    this.tellOfReplicas();
    const saving = savingOf(server);
    if (saving.saveWork !== undefined) {
      server.log('There is a child saving an .rdb. Killing it!');
      saving.cancelSave();
    }
    const aof = persistenceOf(server)?.aof;
    if (aof?.waiting === true) {
      server.log(forced ? 'Writing initial AOF. Exit anyway.' : "Writing initial AOF, can't exit.");
      if (!forced) return this.refuse();
    }
    const wanted = options.has('save') || (!options.has('nosave') && configOf(server).text('save') !== '');
    if (wanted && saving.loading === undefined && !this.save() && !forced) return this.refuse();
    if (server.onShutdown !== undefined) server.onShutdown([...options]);
    else server.stop();
    return true;
  }

  save(): boolean {
    const { server } = this;
    if (savingOf(server).saver !== undefined) server.log('Saving the final RDB snapshot before exiting.');
    try {
      savingOf(server).save();
      return true;
    } catch (error) {
      server.log(`Error trying to save the DB, can't exit. ${messageOf(error)}`);
      return false;
    }
  }

  refuse(): false {
    this.server.log('Errors trying to shut down the server. Check the logs for more information.');
    return false;
  }

  tellOfReplicas(): void {
    const { server } = this;
    const replicas = replicasOf(server);
    if (replicas.clients.size === 0) return;
    for (const [client, replica] of replicas.clients) {
      if (replica.offset >= replicas.written) continue;
      const { ip, port } = replicas.addressOf(client);
      const behind = replicas.written - replica.offset;
      server.log(
        `Lagging replica ${ip}:${port} reported offset ${behind} behind master, lag=${replicas.lagOf(replica)}, state=online.`,
      );
    }
    server.log(
      `${replicas.countAt(replicas.written)} of ${replicas.clients.size} replicas are in sync when shutting down.`,
    );
  }
}
