/** A link whose client has to be asked for. */
import type { Link, LinkEvents } from '../driver.ts';

export function deferredLink(address: string, make: () => Promise<Link>, events: LinkEvents): Link {
  let made: Link | undefined;
  let making = false;
  let closed = false;
  let cause: unknown;

  async function begin(): Promise<void> {
    making = true;
    try {
      const link = await make();
      if (closed) return link.close();
      made = link;
      cause = undefined;
      if (link.state === 'ready') events.ready();
      else link.open();
    } catch (error) {
      cause = error;
      events.down(error);
    } finally {
      making = false;
    }
  }

  return {
    get state() {
      if (closed) return 'closed';
      return made?.state ?? (making ? 'connecting' : 'idle');
    },
    get cause() {
      return made === undefined ? cause : made.cause;
    },
    get address() {
      return made?.address ?? address;
    },
    open() {
      if (made !== undefined) made.open();
      else if (!making && !closed) void begin();
    },
    call: (args, route) => made!.call(args, route),
    reset: () => made?.reset?.(),
    close() {
      closed = true;
      made?.close();
    },
  };
}
