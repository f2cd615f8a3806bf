/** Keeps an eye on a connection that only receives: without probes, nobody would notice that it hears nothing. */
import { within } from './budget.ts';
import type { SubscriberLink } from './driver.ts';
import type { Shared } from './shared.ts';

/** Closes the link when a probe is not answered. @returns a function that ends the probing */
export function probe(shared: Shared, link: SubscriberLink): () => void {
  const { sweep, settings } = shared;
  let timer = sweep.clock.after(settings.probeEveryMs, run);
  let over = false;
  function run(): void {
    within(shared, 'PING', undefined, link.ping()).then(
      () => {
        if (!over) timer = sweep.clock.after(settings.probeEveryMs, run);
      },
      () => link.close(),
    );
  }
  return () => {
    over = true;
    timer.cancel();
  };
}

/** An error thrown by a listener harms neither the other listeners nor the connection. */
export function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
