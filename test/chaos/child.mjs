/** One run of the planner in a process of its own, which kills itself at a named step or waits to be killed. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { install, makePlan } from './scenario.mjs';

const [bundle, root, job, withInstall, killAt] = process.argv.slice(2);
const planner = await import(pathToFileURL(bundle).href);
let count = 0;

async function step() {
  if (killAt !== undefined && count++ === Number(killAt)) {
    process.kill(process.pid, 'SIGKILL');
    await delay(60_000);
  }
}

const plan = job === 'apply' ? makePlan(planner, root) : undefined;
process.send?.('ready');
if (process.env.PAXX_WAIT_FOR_GO) await once(process, 'message');
if (plan) {
  await planner.applyPlan(root, plan, withInstall === 'yes' ? { step, install: () => install(root) } : { step });
} else {
  await planner.recover(root, { step });
}
process.send?.(`steps ${count}`);
process.disconnect?.();
