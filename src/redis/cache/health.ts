/** Is Redis fit to be a cache? Answers within half a second, whatever Redis does. */
import type { Keys } from './keys.ts';
import type { Store } from './store.ts';

export interface CacheHealth {
  /** `degraded`: it answers, but refuses writes, or may evict what must stay. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly message: string | undefined;
  readonly latencyMs: number;
  /** Milliseconds since the epoch, by this process. */
  readonly timestamp: number;
  readonly role?: string;
  readonly version?: string;
  readonly usedMemory?: number;
  /** 0: no limit. */
  readonly maxMemory?: number;
  readonly evictionPolicy?: string;
  readonly breaker: 'closed' | 'open';
}

const DEADLINE_MS = 500;

/** Reading alone says little: a full Redis answers PING and refuses every write. */
export async function checkHealth(store: Store, keys: Keys): Promise<CacheHealth> {
  const { port, breaker } = store;
  const began = port.clock.now();
  const rest = (): number => Math.max(1, DEADLINE_MS - (port.clock.now() - began));
  const base = (): Pick<CacheHealth, 'latencyMs' | 'timestamp' | 'breaker'> => ({
    latencyMs: port.clock.now() - began,
    timestamp: Date.now(),
    breaker: breaker.state,
  });
  const probe = `${keys.prefix}:health`;
  try {
    const [ping, write, info] = await port.pipeline(
      [
        { args: ['PING'], readOnly: true },
        { args: ['SET', probe, 'ok', 'PX', 1000], key: probe, idempotent: true },
        { args: ['INFO'], readOnly: true },
      ],
      { deadlineMs: rest() },
    );
    if (!ping!.ok) return { status: 'unhealthy', message: ping!.error.message, ...base() };
    const facts = info!.ok ? factsIn(String(info!.reply)) : {};
    if (!write!.ok) return { status: 'degraded', message: write!.error.message, ...base(), ...facts };
    return { status: 'healthy', message: undefined, ...base(), ...facts };
  } catch (error) {
    return { status: 'unhealthy', message: (error as Error).message, ...base() };
  }
}

function factsIn(info: string): Partial<CacheHealth> {
  const lines = info.split('\r\n').map((line) => line.split(':', 2));
  const fields = new Map(lines.map(([name = '', value]): [string, string | undefined] => [name, value]));
  const text = (name: string): string | undefined => fields.get(name);
  const number = (name: string): number | undefined => (fields.has(name) ? Number(fields.get(name)) : undefined);
  const facts = {
    role: text('role'),
    version: text('redis_version'),
    usedMemory: number('used_memory'),
    maxMemory: number('maxmemory'),
    evictionPolicy: text('maxmemory_policy'),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
