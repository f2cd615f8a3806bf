/** All worlds, and what the runner needs of them. */
import { minimise, play } from '../simulation.ts';
import type { World } from '../simulation.ts';
import { barrier } from './barrier.ts';
import { cache } from './cache.ts';
import { coalescer } from './coalescer.ts';
import { idempotency } from './idempotency.ts';
import { latch } from './latch.ts';
import { leader } from './leader.ts';
import { lease } from './lease.ts';
import { limiter } from './limiter.ts';
import { playbook } from './playbook.ts';
import { queue } from './queue.ts';
import { fairSemaphore, semaphore } from './semaphore.ts';
import { waitForKey } from './wait-for.ts';

export { minimise, play };

export const worlds: readonly World[] = [
  lease,
  leader,
  limiter,
  semaphore,
  fairSemaphore,
  idempotency,
  queue,
  waitForKey,
  barrier,
  latch,
  coalescer,
  cache,
  playbook,
];
