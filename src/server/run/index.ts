// What `paxx redis` and the image's entry point are made of.

export { parseCommandLine, StartError } from './command-line.ts';
export type { CommandLine } from './command-line.ts';
export { startDetached } from './detach.ts';
export type { DetachedServer } from './detach.ts';
export { forgetInstance, isAlive, listInstances, recordInstance } from './instances.ts';
export type { Instance } from './instances.ts';
export { ping } from './ping.ts';
export type { Health, PingResult } from './ping.ts';
export { runServer, stopOnSignals } from './run-server.ts';
export type { Running, RunOptions } from './run-server.ts';
export { startForeground } from './foreground.ts';
