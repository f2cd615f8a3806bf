/** One listener per AbortSignal, however many calls it belongs to: signals look through all their listeners. */

interface Watched {
  readonly calls: Map<object, () => void>;
  readonly listener: () => void;
}

export class AbortRegistry {
  readonly signals = new Map<AbortSignal, Watched>();

  add(signal: AbortSignal, call: object, abort: () => void): void {
    let watched = this.signals.get(signal);
    if (watched === undefined) {
      const calls = new Map<object, () => void>();
      const listener = (): void => {
        this.signals.delete(signal);
        for (const run of calls.values()) run();
      };
      watched = { calls, listener };
      this.signals.set(signal, watched);
      signal.addEventListener('abort', listener, { once: true });
    }
    watched.calls.set(call, abort);
  }

  remove(signal: AbortSignal, call: object): void {
    const watched = this.signals.get(signal);
    if (watched === undefined) return;
    watched.calls.delete(call);
    if (watched.calls.size > 0) return;
    this.signals.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }
}
