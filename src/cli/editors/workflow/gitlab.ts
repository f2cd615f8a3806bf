/** GitLab CI: an item of `services` beside the database's, and its address in `variables`. */
import { isMap, isScalar, isSeq } from 'yaml';
import { repositoryOf, roleOf } from '../compose/role.ts';
import { map, scalar } from '../yaml/emit.ts';
import type { Emit } from '../yaml/emit.ts';
import { appendItems } from '../yaml/insert.ts';
import type { YamlEdit } from '../yaml/insert.ts';
import { columnOf, dominantQuote, quoteOf } from '../yaml/layout.ts';
import { findPair, keyOf } from '../yaml/lookup.ts';
import type { MapNode, SeqNode } from '../yaml/lookup.ts';
import { addVariables, createVariables, hasDatastore, missingIn, scopeOf } from './variables.ts';
import type { Scope } from './variables.ts';
import { variablesAt } from './wish.ts';
import type { WorkflowEdits, WorkflowWish } from './wish.ts';

export function addToGitlab(text: string, root: MapNode, wish: WorkflowWish): WorkflowEdits {
  const edits: YamlEdit[] = [];
  const notes: string[] = [];
  const given = new Set<unknown>();
  const jobs = root.items
    .filter((pair) => isMap(pair.value))
    .map((pair) => ({ name: keyOf(pair), body: pair.value as MapNode }));
  for (const { name, body } of [{ name: 'all jobs', body: root }, ...jobs]) {
    const pair = findPair(body, 'services');
    const services: unknown = pair?.value;
    if (!isSeq(services)) continue;
    const list = services as SeqNode;
    const roles = list.items.map((item) => roleOfImage(imageOf(item)));
    if (roles.includes('redis')) {
      notes.push(`${name} has a Redis already`);
      continue;
    }
    if (!roles.includes('datastore')) continue;
    edits.push(addItem(text, body, list, wish));
    notes.push(`service ${wish.service ?? 'redis'} in ${name}`);
    const wanted = variablesAt(wish.service ?? 'redis', wish);
    // `default` may not set variables: those of all jobs stand at the top.
    const owner = name === 'default' ? root : body;
    const scopes = [...scopeOf(owner, 'variables'), ...scopeOf(root, 'variables')];
    const variables = missingIn(scopes, wanted);
    const scope: Scope | undefined = scopes.find(hasDatastore) ?? scopes[0];
    if (variables.length === 0 || given.has(scope?.pair)) continue;
    if (scope) given.add(scope.pair);
    edits.push(
      ...(scope ? addVariables(text, scope, variables) : [createVariables(text, owner, 'variables', variables)]),
    );
  }
  return { edits, notes };
}

/** GitLab names the host after the image: any but plain `redis` needs an alias. */
function addItem(text: string, body: MapNode, list: SeqNode, wish: WorkflowWish): YamlEdit {
  const service = wish.service ?? 'redis';
  const last: unknown = list.items.at(-1);
  const quote = quoteOf(isMap(last) ? findPair(last as MapNode, 'name')?.value : last);
  const image = scalar(wish.image, quote);
  const item: Emit = repositoryOf(wish.image) === service ? image : map(['name', image], ['alias', scalar(service)]);
  const style = { steps: [2], listOffset: 2, quote: dominantQuote(text), listPadding: '', mapPadding: ' ' };
  return appendItems(text, list, [item], style, columnOf(text, body));
}

function imageOf(item: unknown): string | undefined {
  const image: unknown = isMap(item) ? item.get('name') : isScalar(item) ? item.value : undefined;
  return typeof image === 'string' ? image : undefined;
}

function roleOfImage(image: string | undefined): ReturnType<typeof roleOf> {
  return roleOf({
    name: 'service',
    ...(image !== undefined && { image, imageWritten: image }),
    builds: false,
    runsSources: false,
  });
}
