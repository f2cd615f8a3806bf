/** Waking by messages on a channel: everybody hears them, each takes those meant for it. */
import type { RedisPort, SendOptions, Subscription } from '../../port/types.ts';
import { pauseUntil } from './wait.ts';
import type { Wake } from './wait.ts';

/** Is the notice for us? It may be for one waiter of many. */
type Concerns = (payload: string) => boolean;

/** @param channel a name with the object's hash tag, as its keys have */
export function noticeWake(port: RedisPort, channel: string, concerns: Concerns = () => true): Wake {
  let subscription: Subscription | undefined;
  let closed = false;
  /** A notice came while nobody waited. */
  let noticed = false;
  let wakeUp: (() => void) | undefined;
  const notice = (): void => {
    if (wakeUp === undefined) noticed = true;
    else wakeUp();
  };
  return {
    get reliable() {
      return subscription !== undefined;
    },
    async open(options: SendOptions) {
      const message = (_: string, payload: string): void => {
        if (concerns(payload)) notice();
      };
      const opened = await port.subscribe([channel], { message, gap: notice }, options);
      if (closed) void opened.close().catch(() => {});
      else subscription = opened;
      return true;
    },
    wait(ms, signal) {
      if (noticed) {
        noticed = false;
        return Promise.resolve(true);
      }
      return pauseUntil(port.clock, ms, signal, (wake) => {
        wakeUp = wake;
        return () => (wakeUp = undefined);
      });
    },
    pass() {},
    close() {
      closed = true;
      void subscription?.close().catch(() => {});
    },
  };
}
