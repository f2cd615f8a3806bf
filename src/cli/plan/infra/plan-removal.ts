/** `infra remove`, planned: the ledger's account of a component, inverted. */
import { isMap, parseAllDocuments } from 'yaml';
import { findSyntaxError } from '../../editors/typescript/proof.ts';
import type { PackageManager } from '../../hosts/host.ts';
import { detectPackageManager } from '../../hosts/package-manager.ts';
import { openTree, type WorkTree } from '../disk-tree.ts';
import { readLedger } from '../ledger-parse.ts';
import type { ComponentRecord } from '../ledger.ts';
import { buildPlan, type Plan } from '../plan.ts';
import type { Importer } from '../importers.ts';
import { isAsCreated, isWholly, planRemoval, type Leftover } from '../remove.ts';

export interface RemovalRequest {
  /** Absolute path of the project's root. */
  readonly root: string;
  readonly component: string;
  /** Also delete created files that were edited since. */
  readonly force?: boolean;
}

export interface RemovalPlan extends Plan {
  readonly root: string;
  readonly leftovers: readonly Leftover[];
  /** Files of the user that import what is deleted. */
  readonly importers: readonly Importer[];
  /** Files that are just as `infra add` left them: their uncommitted changes are ours. */
  readonly untouched: ReadonlySet<string>;
  readonly packageManager: PackageManager;
}

/** @throws PaxxError `NOT_ADDED` */
export async function planInfraRemoval(request: RemovalRequest): Promise<RemovalPlan> {
  const tree = openTree(request.root);
  const ledger = await readLedger(tree);
  const record = ledger.components[request.component];
  const untouched = record ? untouchedFiles(tree, record) : new Set<string>();
  const app = typeof record?.options['app'] === 'string' ? record.options['app'] : '';
  const packageManager = detectPackageManager(tree, app);
  const { leftovers, importers } = await planRemoval(tree, ledger, request.component, {
    force: request.force === true,
    verify,
  });
  const plan = buildPlan(tree, {
    component: request.component,
    meta: { leftovers: leftovers.map((found) => ({ ...found })), importers: importers.map((found) => ({ ...found })) },
  });
  return { ...plan, root: tree.root, leftovers, importers, untouched, packageManager };
}

function untouchedFiles(tree: WorkTree, record: ComponentRecord): Set<string> {
  const same = record.files.filter((file) => {
    if (file.kind !== 'edited') return file.kind === 'secret' || isAsCreated(tree, file);
    const text = tree.read(file.path);
    return text !== undefined && isWholly(text, file.after);
  });
  return new Set([...same.map((file) => file.path), '.paxx/ledger.json']);
}

/** A text must still parse once our spans are out of it. */
async function verify(path: string, text: string): Promise<string | undefined> {
  if (/\.ya?ml$/.test(path)) {
    const documents = parseAllDocuments(text);
    const broken = Array.isArray(documents) ? documents.flatMap((document) => document.errors)[0] : undefined;
    if (broken) return broken.message;
    const services = Array.isArray(documents) ? documents[0]?.get('services') : undefined;
    return services === null || services === undefined || isMap(services) ? undefined : '`services` is no map any more';
  }
  if (/\.[cm]?[jt]sx?$/.test(path)) {
    const error = await findSyntaxError(path, text);
    return error && `line ${error.line}: ${error.reason}`;
  }
  return undefined;
}
