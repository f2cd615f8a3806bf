/** A link with something else to end when it is closed. */
import type { Link } from '../driver.ts';

export function closingWith(link: Link, alsoEnd: () => void): Link {
  return {
    ...link,
    // Spreading would keep what these are now.
    get state() {
      return link.state;
    },
    get cause() {
      return link.cause;
    },
    close() {
      link.close();
      alsoEnd();
    },
  };
}
