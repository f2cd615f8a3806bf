/** Keeps an eye on a connection that only receives: without probes, nobody would notice that it hears nothing. */
import { within } from './budget.ts';
import type { SubscriberLink } from './driver.ts';
import type { Shared } from './shared.ts';

/**
 * Closes the link when a probe is not answered.
 * @param answered the answer to a probe comes behind all messages from before it was sent
 * @returns a function that ends the probing
 */
export function probe(shared: Shared, link: SubscriberLink, answered?: (sentAt: number) => void): () => void {
  const { sweep, settings } = shared;
  const { clock } = sweep;
  let timer = clock.after(settings.probeEveryMs, run);
  let over = false;
  function run(): void {
    const sentAt = clock.now();
    within(shared, 'PING', undefined, link.ping()).then(
      () => {
        if (over) return;
        answered?.(sentAt);
        // An answer that lay unread while the process stood still says little: the next probe follows at once.
        timer = clock.after(Math.max(0, sentAt + settings.probeEveryMs - clock.now()), run);
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
