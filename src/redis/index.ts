/** @paxx/redis: the protocol and the command table. No dependencies. */

export * from './commands/index.ts';
export * from './protocol/index.ts';
