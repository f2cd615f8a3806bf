/** Who holds what, as the clients believe it: shared by the worlds of leases and semaphores. */
import type { SimClient, Simulation } from '../simulation.ts';

export interface HeldLike {
  readonly validMs: number;
  readonly signal: AbortSignal;
  release(): Promise<boolean>;
}

export interface Holder<H> {
  readonly client: SimClient;
  readonly held: H;
  released: boolean;
  /** By virtual time, since when its signal is due. */
  lateSince: number;
}

const LATEST_MS = 50;

export class Holders<H extends HeldLike> {
  all: Holder<H>[] = [];
  private readonly sim: Simulation;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  keep(client: SimClient, held: H): void {
    if (client.dead) return;
    this.sim.note('granted', `#${client.index}`);
    this.all.push({ client, held, released: false, lateSince: Infinity });
  }

  last(client: SimClient): H | undefined {
    return this.all.findLast((holder) => holder.client === client && !holder.released)?.held;
  }

  async release(client: SimClient, held: H): Promise<void> {
    const holder = this.all.find((one) => one.held === held);
    if (holder !== undefined) holder.released = true;
    const ours = await held.release();
    this.sim.note(ours ? 'released' : 'released late', `#${client.index}`);
  }

  forget(client: SimClient): void {
    this.all = this.all.filter((holder) => holder.client !== client);
  }

  believed(): readonly Holder<H>[] {
    return this.all.filter(({ held }) => held.validMs > 0);
  }

  /** A signal is due when its validity ends, heard of or not; a process that stands still hears it when it wakes. */
  checkSignals(): void {
    const { sim } = this;
    this.all = this.all.filter((holder) => {
      const { client, held, released } = holder;
      if (held.validMs > 0) return true;
      if (released) return false;
      if (held.signal.aborted) {
        sim.note('lost', `#${client.index}`);
        return false;
      }
      holder.lateSince = Math.min(holder.lateSince, Math.max(sim.now, client.pausedUntil));
      if (sim.isAwake(client) && sim.now - Math.max(holder.lateSince, client.pausedUntil) > LATEST_MS) {
        sim.fail(`#${client.index} has not been told for ${sim.now - holder.lateSince} ms that its time has passed`);
      }
      return true;
    });
  }
}
