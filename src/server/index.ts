// @paxx/server: a Redis-compatible server to embed, to test against, or to run.

export { startServer } from './testing/start-server.ts';
export type { StartedServer, StartOptions } from './testing/start-server.ts';
