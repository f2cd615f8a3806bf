// The queue that test/chaos/queue.mjs torments, as it and its workers see it.
export const CHAOS = { vtMs: 600, maxAttempts: 4, maxStalls: 30, backoff: { baseMs: 30 } };
