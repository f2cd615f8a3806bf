// FAILOVER: writes stand still until a replica has everything, then it becomes the master and this server its replica.

import type { Client } from '../client.ts';
import type { Timer } from '../clock.ts';
import { fail } from '../errors.ts';
import type { Server } from '../server.ts';
import { identityOf } from './identity.ts';
import { replicasOf } from './replicas.ts';
import { follow, lead, masterOf } from './role.ts';

const KEY = Symbol('failover');

/** As INFO tells it. */
export type FailoverState = 'no-failover' | 'waiting-for-sync' | 'failover-in-progress';

export interface FailoverTarget {
  readonly host: string;
  readonly port: number;
}

export interface FailoverRequest {
  /** Undefined: whoever has everything first. */
  readonly target: FailoverTarget | undefined;
  /** Milliseconds until it is given up, or forced; 0: never. */
  readonly timeout: number;
  /** When the time is up, the target takes over with what it has. */
  readonly force: boolean;
}

export function failoverOf(server: Server): Failover {
  let failover = server.extras.get(KEY) as Failover | undefined;
  if (failover === undefined) server.extras.set(KEY, (failover = new Failover(server)));
  return failover;
}

export class Failover {
  readonly server: Server;
  state: FailoverState = 'no-failover';
  request: FailoverRequest | undefined = undefined;
  timer: Timer | undefined = undefined;
  readonly look = (): void => {
    const level = this.findLevel();
    if (level !== undefined) this.handOver(level);
  };

  constructor(server: Server) {
    this.server = server;
  }

  /** Throws CommandError where it cannot begin. */
  begin(request: FailoverRequest): void {
    const { server } = this;
    const replicas = replicasOf(server);
    if (this.state !== 'no-failover') fail('ERR FAILOVER already in progress.');
    if (masterOf(server) !== undefined) fail('ERR FAILOVER is not valid when server is a replica.');
    if (replicas.clients.size === 0) fail('ERR FAILOVER requires connected replicas.');
    const { target, timeout, force } = request;
    if (force && (timeout === 0 || target === undefined)) {
      fail('ERR FAILOVER with force option requires both a timeout and target HOST and IP to be set.');
    }
    if (target !== undefined && this.findTarget(target) === undefined) {
      fail('ERR FAILOVER target HOST and PORT is not a replica.');
    }
    server.log(target === undefined ? 'FAILOVER requested.' : `FAILOVER requested to ${target.host}:${target.port}.`);
    this.request = request;
    this.state = 'waiting-for-sync';
    server.pause.start(Infinity, false, 'failover');
    replicas.isQuiet = true;
    replicas.ackListeners.add(this.look);
    if (timeout > 0) this.timer = server.clock.schedule(server.clock.now() + timeout, () => this.expire());
    this.look();
  }

  abort(reason: string): boolean {
    if (this.state === 'no-failover') return false;
    this.server.log(`Aborting failover: ${reason}`);
    if (this.state === 'failover-in-progress') lead(this.server);
    this.end();
    return true;
  }

  expire(): void {
    const { target, force } = this.request!;
    if (!force || target === undefined) return void this.abort('Replica never caught up before timeout');
    this.server.log(`Failover to ${target.host}:${target.port} time out exceeded, failing over.`);
    this.handOver(target);
  }

  handOver(target: FailoverTarget): void {
    const { server } = this;
    const { host, port } = target;
    this.stopWaiting();
    server.log(`Failover target is ${host}:${port}, failing over.`);
    this.state = 'failover-in-progress';
    follow(server, host, port, (accepted) => {
      if (accepted) this.end();
      else this.abort('Failover target rejected psync request');
    });
  }

  end(): void {
    this.stopWaiting();
    this.state = 'no-failover';
    this.request = undefined;
    replicasOf(this.server).isQuiet = false;
    this.server.pause.end('failover');
  }

  stopWaiting(): void {
    this.timer?.cancel();
    this.timer = undefined;
    replicasOf(this.server).ackListeners.delete(this.look);
  }

  /** A replica that has all of the stream, and may be the one. */
  findLevel(): FailoverTarget | undefined {
    const replicas = replicasOf(this.server);
    const { offset } = identityOf(this.server);
    const target = this.request?.target;
    for (const [client, replica] of replicas.clients) {
      if (replica.offset < offset || (target !== undefined && !this.isAt(client, target))) continue;
      const { ip, port } = replicas.addressOf(client);
      return { host: ip, port };
    }
    return undefined;
  }

  findTarget(target: FailoverTarget): Client | undefined {
    return [...replicasOf(this.server).clients.keys()].find((client) => this.isAt(client, target));
  }

  isAt(client: Client, { host, port }: FailoverTarget): boolean {
    const address = replicasOf(this.server).addressOf(client);
    return address.port === port && address.ip.toLowerCase() === host.toLowerCase();
  }
}
