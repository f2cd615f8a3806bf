// The deterministic simulation: worlds of clients, network and server on virtual time, one for each primitive.
//
//   node test/simulation/run.mjs [--seeds 100] [--first 1] [--only lease,queue] [--server-hours 0] [--json]
//
// A seed is a run: the same seed is the same run, event by event. Ends with 1 where an invariant was violated, or where
// a world did not come to what it is there to exercise. A violation is printed with its seed and the faults it needs.
import { parseArgs } from 'node:util';
import { bundleWorlds, writeBundle } from './bundle.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: '1' },
    only: { type: 'string' },
    'server-hours': { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});

/** Violations of one world that are looked into. */
const SHOWN = 3;
/** Seeds from which a world must have exercised all that it is for. */
const ENOUGH = 100;

// Errors are part of life in here, and their traces cost more than all else: only a violation is looked at with them.
Error.stackTraceLimit = 0;
const { url, remove } = writeBundle(await bundleWorlds());
const { worlds, play, minimise } = await import(url);
remove();

const seeds = Number(values.seeds);
const first = Number(values.first);
const hours = Number(values['server-hours']);
const only = values.only?.split(',');
const unknown = only?.filter((name) => !worlds.some((world) => world.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`No such world: ${unknown.join(', ')}. There are: ${worlds.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const options = hours > 0 ? { serverHours: hours } : {};
const reports = [];
for (const world of worlds) {
  if (only !== undefined && !only.includes(world.name)) continue;
  const report = await playSeeds(world);
  reports.push(report);
  if (!values.json) print(report);
}
if (values.json) console.log(JSON.stringify(reports, undefined, 2));
const bad = reports.some(({ violations, missing }) => violations.length > 0 || missing.length > 0);
process.exitCode = bad ? 1 : 0;

async function playSeeds(world) {
  const began = process.cpuUsage();
  const counts = {};
  const violations = [];
  let simulatedMs = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const report = await play(world, seed, options);
    simulatedMs += report.simulatedMs;
    for (const [kind, count] of Object.entries(report.counts)) counts[kind] = (counts[kind] ?? 0) + count;
    if (report.violation === undefined) continue;
    Error.stackTraceLimit = 10;
    const least = violations.length < SHOWN ? await minimise(world, seed, options) : report;
    Error.stackTraceLimit = 0;
    violations.push({ seed, violation: least.violation, trace: least.trace });
  }
  const { user, system } = process.cpuUsage(began);
  const missing = seeds < ENOUGH ? [] : world.exercises.filter((kind) => counts[kind] === undefined);
  return {
    world: world.name,
    seeds,
    simulatedHours: simulatedMs / 3_600_000,
    cpuSeconds: (user + system) / 1e6,
    counts,
    violations,
    missing,
  };
}

function print({ world, simulatedHours, cpuSeconds, counts, violations, missing }) {
  const perMinute = ((simulatedHours / cpuSeconds) * 60).toFixed(0);
  const kinds = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  const operations = kinds.reduce((sum, [kind, count]) => sum + (kind.startsWith('fault') ? 0 : count), 0);
  console.log(
    `${world}: ${seeds} seeds, ${simulatedHours.toFixed(0)} simulated hours (${perMinute} per minute of CPU), ` +
      `${operations} operations, ${violations.length} violations`,
  );
  console.log(`  ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
  for (const kind of missing) console.log(`  NOT EXERCISED: ${kind}`);
  for (const { seed, violation, trace } of violations.slice(0, SHOWN)) {
    console.log(`  VIOLATION, seed ${seed}: ${violation}\n${trace.map((line) => `    ${line}`).join('\n')}`);
  }
  if (violations.length > SHOWN) {
    console.log(
      `  and with the seeds ${violations
        .slice(SHOWN)
        .map(({ seed }) => seed)
        .join(' ')}`,
    );
  }
}
