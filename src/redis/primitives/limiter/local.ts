/** GCRA in this process: for when Redis cannot be asked, and for what it has refused already. */
import type { Policy } from './policy.ts';

export interface Step {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Milliseconds. */
  readonly retryMs: number;
  readonly resetMs: number;
}

/** Keys kept at most; the oldest is dropped. */
const LARGEST = 10_000;

/** Limits kept in memory; `share` of the rate and burst is this process's. */
export class LocalLimits {
  private readonly arrivals = new Map<string, number>();

  /** @param now milliseconds of a monotonic clock */
  step(name: string, policy: Policy, cost: number, now: number, share: number): Step {
    const interval = policy.interval / 1000 / share;
    const tau = interval * Math.max(1, Math.floor(policy.burst * share));
    let tat = Math.min(Math.max(this.arrivals.get(name) ?? now, now), now + tau);
    const next = Math.max(now, tat + interval * cost);
    // A cost above this process's share of the burst would never be allowed: it takes all of it.
    const allowed = cost <= 0 || next - now <= tau + 1e-6 || (tat === now && next - now > tau);
    if (allowed && cost !== 0) {
      tat = next;
      this.arrivals.delete(name);
      this.arrivals.set(name, tat);
      if (this.arrivals.size > LARGEST) dropOldest(this.arrivals);
    }
    return {
      allowed,
      remaining: Math.max(0, Math.floor((tau - (tat - now)) / interval + 1e-9)),
      retryMs: allowed ? 0 : Math.max(0, Math.ceil(next - now - tau)),
      resetMs: Math.ceil(tat - now),
    };
  }
}

interface Denial {
  readonly at: number;
  readonly cost: number;
  readonly policy: Policy;
  readonly step: Step;
}

/** What was refused a moment ago is refused still: it need not be asked again. */
export class DenyCache {
  private readonly denials = new Map<string, Denial>();

  /** @param at milliseconds, before the question was sent, so that it never refuses for too long */
  add(name: string, policy: Policy, cost: number, at: number, step: Step): void {
    this.denials.delete(name);
    this.denials.set(name, { at, cost, policy, step });
    if (this.denials.size > LARGEST) dropOldest(this.denials);
  }

  find(name: string, policy: Policy, cost: number, now: number): Step | undefined {
    const denial = this.denials.get(name);
    if (denial === undefined || cost < denial.cost || !isSame(policy, denial.policy)) return undefined;
    const passed = now - denial.at;
    // A larger cost has longer to wait.
    const retryMs = Math.ceil(denial.step.retryMs - passed);
    if (retryMs <= 0) {
      this.denials.delete(name);
      return undefined;
    }
    const more = ((cost - denial.cost) * policy.interval) / 1000;
    return {
      ...denial.step,
      retryMs: Math.ceil(retryMs + more),
      resetMs: Math.max(0, Math.ceil(denial.step.resetMs - passed)),
    };
  }

  forget(name: string): void {
    this.denials.delete(name);
  }
}

function isSame(a: Policy, b: Policy): boolean {
  return a.interval === b.interval && a.burst === b.burst;
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
