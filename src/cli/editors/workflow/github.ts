/** GitHub Actions: `jobs.<job>.services.redis`, and its address in `env` where the database's address is. */
import { isMap, isScalar, isSeq } from 'yaml';
import { roleOf } from '../compose/role.ts';
import { list, map, scalar } from '../yaml/emit.ts';
import type { Emit, EmitEntry } from '../yaml/emit.ts';
import { appendEntries } from '../yaml/insert.ts';
import type { YamlEdit } from '../yaml/insert.ts';
import { columnOf, quoteOf, sourceOf, styleBeside } from '../yaml/layout.ts';
import { findPair, isBlock, keyOf } from '../yaml/lookup.ts';
import type { MapNode, PairNode } from '../yaml/lookup.ts';
import { healthOptions } from './options.ts';
import { addVariables, createVariables, hasDatastore, missingIn, scopeOf } from './variables.ts';
import type { Scope } from './variables.ts';
import { variablesAt } from './wish.ts';
import type { Variables, WorkflowEdits, WorkflowWish } from './wish.ts';

export function addToGithub(text: string, root: MapNode, jobs: MapNode, wish: WorkflowWish): WorkflowEdits {
  const edits: YamlEdit[] = [];
  const notes: string[] = [];
  const settled = new Set<PairNode>();
  for (const pair of jobs.items) {
    if (!isMap(pair.value)) continue;
    const job = pair.value as MapNode;
    const services: unknown = findPair(job, 'services')?.value;
    if (!isMap(services)) continue;
    const siblings = services as MapNode;
    const roles = siblings.items.map(roleOfService);
    if (roles.includes('redis')) {
      notes.push(`job ${keyOf(pair)} has a Redis already`);
      continue;
    }
    const sibling = siblings.items[roles.lastIndexOf('datastore')];
    if (!sibling) continue;
    const inContainer = findPair(job, 'container') !== undefined;
    const name = freeName(siblings, wish.service ?? 'redis');
    const step = isBlock(siblings) && isBlock(job) ? columnOf(text, siblings) - columnOf(text, job) : 2;
    const style = styleBeside(text, siblings, { steps: [step] });
    edits.push(appendEntries(text, siblings, [serviceEntry(name, sibling, inContainer, wish)], { style }));
    notes.push(`service ${name} in job ${keyOf(pair)}`);
    edits.push(...addAddress(text, root, job, variablesAt(inContainer ? name : 'localhost', wish), settled));
  }
  return { edits, notes };
}

function serviceEntry(name: string, sibling: PairNode, inContainer: boolean, wish: WorkflowWish): EmitEntry {
  const body = isMap(sibling.value) ? (sibling.value as MapNode) : undefined;
  const image = body && findPair(body, 'image')?.value;
  const ports: unknown = body && findPair(body, 'ports')?.value;
  const entries: EmitEntry[] = [['image', scalar(wish.image, quoteOf(image))]];
  if (isSeq(ports) || !inContainer) entries.push(['ports', portsLike(ports)]);
  const cli = wish.cli ?? (/valkey/.test(wish.image) ? 'valkey-cli' : 'redis-cli');
  entries.push(['options', healthOptions(body && findPair(body, 'options')?.value, `${cli} ping`)]);
  return [name, map(...entries)];
}

/** Published as the sibling's are: block or flow, with its quotes. */
function portsLike(ports: unknown): Emit {
  const sibling = isSeq(ports) ? ports : undefined;
  const last: unknown = sibling?.items.at(-1);
  const quote = quoteOf(last);
  const port = quote || sourceOf(last) === undefined ? scalar('6379:6379', quote) : verbatimPort();
  const items = list(port);
  return sibling && !isBlock(sibling as never) ? { ...items, flow: true } : items;
}

function verbatimPort(): Emit {
  return { kind: 'scalar', value: '6379:6379', source: '6379:6379' };
}

/** In the job's `env`, else in the steps' or the workflow's, wherever the database's address is; else a new `env`. */
function addAddress(text: string, root: MapNode, job: MapNode, wanted: Variables, settled: Set<PairNode>): YamlEdit[] {
  const own = scopeOf(job, 'env');
  const steps = stepsOf(job).flatMap((step) => scopeOf(step, 'env'));
  const shared = scopeOf(root, 'env');
  const variables = missingIn([...own, ...steps, ...shared], wanted);
  if (variables.length === 0 || shared.some(({ pair }) => settled.has(pair))) return [];
  const beside = [own, steps, shared].map((scopes) => scopes.filter(hasDatastore)).find((scopes) => scopes.length > 0);
  const scopes: readonly Scope[] = beside ?? own;
  if (scopes.length === 0) return [createVariables(text, job, 'env', variables)];
  for (const { pair } of scopes) settled.add(pair);
  return scopes.flatMap((scope) => addVariables(text, scope, variables));
}

function stepsOf(job: MapNode): MapNode[] {
  const steps: unknown = findPair(job, 'steps')?.value;
  return isSeq(steps) ? steps.items.filter((step): step is MapNode => isMap(step)) : [];
}

function roleOfService(pair: PairNode): ReturnType<typeof roleOf> {
  const value: unknown = pair.value;
  const image: unknown = isMap(value) ? value.get('image') : isScalar(value) ? value.value : undefined;
  return roleOf({
    name: keyOf(pair),
    ...(typeof image === 'string' && { image, imageWritten: image }),
    builds: false,
    runsSources: false,
  });
}

function freeName(services: MapNode, wanted: string): string {
  let name = wanted;
  for (let number = 2; findPair(services, name); number++) name = `${wanted}-${number}`;
  return name;
}
