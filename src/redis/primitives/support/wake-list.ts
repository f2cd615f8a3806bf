/**
 * Waking exactly one waiter: who gives something back pushes an element onto a list, and BLPOP hands it to one.
 *
 * All waiters of a port share one blocking session, however many keys they wait for; in a cluster, one per key. An
 * element lasts a few seconds, so that one who begins to wait just after the push still finds it.
 */
import { PaxxRedisError } from '../../port/errors.ts';
import { defineScript } from '../../port/script.ts';
import type { RedisPort, RedisSession } from '../../port/types.ts';
import { arrayOf } from './replies.ts';
import { pauseUntil, sleep } from './wait.ts';
import type { Wake } from './wait.ts';

/** Lua: push one element, to be put where something is given back. Expects the list's name in `wake`. */
export const PUSH_WAKE = `
redis.call('DEL', wake)
redis.call('LPUSH', wake, '1')
redis.call('PEXPIRE', wake, 5000)
`;

const passOn = defineScript('wake.pass', `local wake = KEYS[1] ${PUSH_WAKE} return 1`);

/** @param key of the list */
export function listWake(port: RedisPort, key: string): Wake {
  let hub: WakeHub | undefined;
  return {
    get reliable() {
      return hub?.healthy === true;
    },
    async open(options) {
      const { cluster } = await port.capabilities(options);
      hub = hubOf(port, cluster ? key : '');
      return false;
    },
    wait: (ms, signal) => hub?.wait(key, ms, signal) ?? pauseUntil(port.clock, ms, signal),
    pass: () => passOnWake(port, key),
    close() {},
  };
}

/** Let another process have the element; where that fails, the others' own pauses end. */
function passOnWake(port: RedisPort, key: string): void {
  port.script(passOn, [key], []).catch(() => {});
}

const hubs = new WeakMap<RedisPort, Map<string, WakeHub>>();

function hubOf(port: RedisPort, id: string): WakeHub {
  let ofPort = hubs.get(port);
  if (ofPort === undefined) hubs.set(port, (ofPort = new Map()));
  let hub = ofPort.get(id);
  if (hub === undefined) ofPort.set(id, (hub = new WakeHub(port, () => id !== '' && ofPort.delete(id))));
  return hub;
}

/** Milliseconds for which one BLPOP blocks, the session stays open without waiters, and a failed one is not opened again. */
const BLOCK_MS = 5000;
const LINGER_MS = 1000;
const REOPEN_MS = 500;
/** Between attempts to unblock a BLPOP that the server may not have begun yet. */
const UNBLOCK_AGAIN_MS = 10;

class WakeHub {
  healthy = true;
  private readonly port: RedisPort;
  private readonly onIdle: () => void;
  /** Those who wait, first come first. */
  private readonly waiting = new Map<string, Set<() => void>>();
  private running = false;
  /** Keys of the BLPOP under way. */
  private blockedOn: ReadonlySet<string> | undefined;
  private refreshing = false;
  private arrived: (() => void) | undefined;
  private session: RedisSession | undefined;

  constructor(port: RedisPort, onIdle: () => void) {
    this.port = port;
    this.onIdle = onIdle;
  }

  wait(key: string, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
    return pauseUntil(this.port.clock, ms, signal, (wake) => {
      let waiters = this.waiting.get(key);
      if (waiters === undefined) this.waiting.set(key, (waiters = new Set()));
      waiters.add(wake);
      this.arrived?.();
      if (!this.running) this.start();
      else if (this.blockedOn?.has(key) === false) void this.refresh();
      return () => {
        waiters.delete(wake);
        if (waiters.size === 0 && this.waiting.get(key) === waiters) this.waiting.delete(key);
      };
    });
  }

  private start(): void {
    this.running = true;
    this.run()
      .catch(() => {})
      .finally(() => {
        this.running = false;
        if (this.waiting.size > 0) this.start();
        else this.onIdle();
      });
  }

  /** Block again and again until nobody has waited for a while. */
  private async run(): Promise<void> {
    const { clock } = this.port;
    try {
      for (;;) {
        // Waiters that come in the same turn share the first BLPOP.
        await Promise.resolve();
        if (this.waiting.size === 0) {
          await pauseUntil(clock, LINGER_MS, undefined, (wake) => {
            this.arrived = wake;
            return () => (this.arrived = undefined);
          });
          if (this.waiting.size === 0) return;
        }
        try {
          await this.blockOnce();
          this.healthy = true;
        } catch (error) {
          this.healthy = false;
          this.dropSession();
          if (error instanceof PaxxRedisError && error.code === 'CLOSED') return await this.ended();
          await sleep(clock, REOPEN_MS);
        }
      }
    } finally {
      this.dropSession();
    }
  }

  private async blockOnce(): Promise<void> {
    const keys = new Set(this.waiting.keys());
    const [first] = keys;
    if (first === undefined) return;
    this.session ??= await this.port.session({ key: first });
    this.blockedOn = keys;
    try {
      const reply = await this.session.send(
        { args: ['BLPOP', ...keys, BLOCK_MS / 1000], key: first },
        { deadlineMs: BLOCK_MS + this.port.defaultDeadlineMs },
      );
      if (reply !== null) this.hand(String(arrayOf(reply)[0]));
    } finally {
      this.blockedOn = undefined;
    }
  }

  /** Wake the first who waits for this key. */
  private hand(key: string): void {
    const [wake] = this.waiting.get(key) ?? [];
    if (wake !== undefined) wake();
    else passOnWake(this.port, key);
  }

  /** Make BLPOP return, so that it begins again with all keys. */
  private async refresh(): Promise<void> {
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      while (this.session !== undefined && this.missesKeys()) {
        const stale = this.blockedOn;
        await this.session.unblock();
        if (this.blockedOn === stale) await sleep(this.port.clock, UNBLOCK_AGAIN_MS);
      }
    } catch {
      // BLPOP ends by itself.
    } finally {
      this.refreshing = false;
    }
  }

  private missesKeys(): boolean {
    const { blockedOn } = this;
    return blockedOn !== undefined && [...this.waiting.keys()].some((key) => !blockedOn.has(key));
  }

  private dropSession(): void {
    void this.session?.close().catch(() => {});
    this.session = undefined;
  }

  /** The port is closed: who still waits finds out by itself. */
  private async ended(): Promise<void> {
    await sleep(this.port.clock, BLOCK_MS);
  }
}
