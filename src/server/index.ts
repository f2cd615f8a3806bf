// @paxx/server: a Redis-compatible server to embed, to test against, or to run.

export type { CommandLog, WaitOptions } from './testing/command-log.ts';
export { ReplyError } from './testing/direct.ts';
export type { KeyContents, Value } from './testing/direct.ts';
export type { Duration } from './testing/durations.ts';
export type { DropOptions, Fault, FaultOptions, Faults } from './testing/faults.ts';
export { installServer } from './testing/hooks.ts';
export type { HookOptions, TestHooks } from './testing/hooks.ts';
export type { Snapshot } from './testing/snapshot.ts';
export { startServer } from './testing/start-server.ts';
export type { MovableClock, StartedServer, StartOptions } from './testing/start-server.ts';
export type { SeenCommand, Target } from './testing/target.ts';
export type { Argument } from './testing/text.ts';
