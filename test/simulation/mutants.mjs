// Does the simulation find bugs? Plants them one by one and looks for the first seed that tells.
//
//   node test/simulation/mutants.mjs [--seeds 1000] [--only lease,queue]
//
// Ends with 1 where one is not found.
import { parseArgs } from 'node:util';
import { bundleWorlds, plant, writeBundle } from './bundle.mjs';
import { mutations } from './mutations.mjs';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, only: { type: 'string' } },
});
Error.stackTraceLimit = 0;
const only = values.only?.split(',');
const code = await bundleWorlds();
for (const { world: name, bug, changes } of mutations) {
  if (only !== undefined && !only.includes(name)) continue;
  const found = await find(name, plant(code, changes));
  if (found === undefined) process.exitCode = 1;
  const where = found === undefined ? `NOT FOUND in ${values.seeds} seeds` : `seed ${found.seed}`;
  console.log(`${name.padEnd(15)} ${bug.padEnd(55)} ${where.padEnd(10)} ${found?.violation ?? ''}`);
}

async function find(name, mutant) {
  const { url, remove } = writeBundle(mutant);
  const { worlds, play } = await import(url);
  remove();
  const world = worlds.find((one) => one.name === name);
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const { violation } = await play(world, seed);
    if (violation !== undefined) return { seed, violation: violation.split('\n', 1)[0] };
  }
  return undefined;
}
