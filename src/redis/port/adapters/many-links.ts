/**
 * A link over a client that keeps several connections itself: a cluster's, a sentinel's.
 *
 * Such a client tells of lost connections by the commands that fail, and serves the other nodes meanwhile.
 */
import type { Link, LinkEvents, LinkState, Route, WireArguments } from '../driver.ts';
import { fromClientError } from '../client-errors.ts';

export interface ManyConnections {
  readonly address: string;
  connect(): Promise<unknown>;
  call(args: WireArguments, route: Route): Promise<unknown>;
  /** A connection failed: look where the nodes are now. */
  refresh?(): void;
  close(): void;
}

/** @param connected whether its owner has connected it already */
export function manyLink(client: ManyConnections, events: LinkEvents, connected: boolean): Link {
  let state: LinkState = connected ? 'ready' : 'idle';
  let cause: unknown;

  function connect(): void {
    state = 'connecting';
    client.connect().then(
      () => {
        if (state === 'closed') return;
        state = 'ready';
        cause = undefined;
        events.ready();
      },
      (error: unknown) => {
        if (state === 'closed') return;
        // The next command tries again.
        state = 'idle';
        cause = error;
        events.down(error);
      },
    );
  }

  return {
    get state() {
      return state;
    },
    get cause() {
      return cause;
    },
    address: client.address,
    open() {
      if (state === 'idle') connect();
    },
    call(args, route) {
      const reply = client.call(args, route);
      if (client.refresh) {
        reply.catch((error: unknown) => {
          if (fromClientError(error, args[0], client.address).code === 'UNAVAILABLE') client.refresh!();
        });
      }
      return reply;
    },
    close() {
      state = 'closed';
      client.close();
    },
  };
}
