/** The scripts of a queue, one per state change. */
export { createGroup, forgetConsumer, reclaimJobs, recoverJobs, sweepConsumers } from './deliver.ts';
export { purgeDead, queueStats, replayDead } from './inspect.ts';
export { enqueueJobs, promoteDue } from './produce.ts';
export { keepAlive, settleJobs } from './settle.ts';
