/**
 * `--packages`: the tarball of @paxx/redis that paxx carries goes into the app, or a version comes from the registry;
 * `infra upgrade` brings a tarball up to date.
 */
import { findBundledPackage } from '../../components/packages.ts';
import { changeRange } from '../../editors/package-json/index.ts';
import type { Host } from '../../hosts/host.ts';
import { parentOf } from '../../hosts/paths.ts';
import { PACKAGE } from '../../render/index.ts';
import type { PlanWarning } from '../conflict.ts';
import type { WorkTree } from '../disk-tree.ts';
import { ignoredPaths } from '../git.ts';
import { replaceInRecord, type ComponentRecord } from '../ledger.ts';
import { inFolder, type StepContext } from './context.ts';
import type { PieceChoice } from './pieces-step.ts';

const VENDOR = 'vendor';
const UPGRADE = '(paxx infra upgrade redis brings it up to that).';

/** @returns what the manifest is to declare: as it does already, or anew; nothing where no piece is wanted */
export async function stagePackage(
  context: StepContext,
  { all, source }: PieceChoice,
): Promise<Readonly<Record<string, string>>> {
  const { tree, host, warnings } = context;
  const declared = host.dependencies[PACKAGE];
  if (all.length === 0) return {};
  if (source === 'registry') {
    const range = declared ?? `^${findBundledPackage().version}`;
    if (declared === undefined) {
      const message = `${PACKAGE} ${range} is taken from the registry; the install fails where it is not published`;
      warnings.push({ message, hint: '(--packages bundled takes the copy that paxx carries).' });
    }
    return { [PACKAGE]: range };
  }
  const folder = parentOf(host.manifest);
  const { file, version, read } = findBundledPackage();
  const local = `${VENDOR}/${file}`;
  const path = inFolder(folder, local);
  const isWanted = declared === `file:${local}`;
  if (declared !== undefined && !(isWanted && !tree.exists(path))) {
    if (isOurs(declared) && !isWanted) {
      const message = `has another ${PACKAGE} than the ${version} that this paxx carries`;
      warnings.push({ path: host.manifest, message, hint: UPGRADE });
    }
    return { [PACKAGE]: declared };
  }
  if (tree.stageBytes(path, read(), { notes: [`${PACKAGE}, as this paxx carries it`] }) === 'changed') {
    await warnOfWaysRound(context, path);
  }
  return { [PACKAGE]: declared ?? `file:${local}` };
}

/** Is it the one about another version of the package, which an upgrade answers? */
export function asksForUpgrade({ hint }: PlanWarning): boolean {
  return hint === UPGRADE;
}

export interface PackageUpgrade {
  /** What is to be recorded: the tarball that goes, and the one that comes. */
  readonly paths: readonly string[];
  /** The record, the manifest's entry in it as it is declared now. */
  readonly record: ComponentRecord;
}

/**
 * Put the tarball that this paxx carries in the place of the one that an earlier paxx brought. One that another came
 * instead of, and a range of the user's own, stay.
 */
export function stageNewPackage(tree: WorkTree, host: Host, record: ComponentRecord): PackageUpgrade | undefined {
  const declared = host.dependencies[PACKAGE];
  const { file, read } = findBundledPackage();
  const wanted = `file:${VENDOR}/${file}`;
  if (declared === undefined || !isOurs(declared) || declared === wanted) return undefined;
  const folder = parentOf(host.manifest);
  const [before, after] = [declared, wanted].map((range) => inFolder(folder, range.slice('file:'.length)));
  const brought = record.files.find((entry) => entry.kind === 'created' && entry.path === before);
  if (brought?.kind !== 'created' || ![brought.hash, undefined].includes(tree.hash(before!))) return undefined;
  tree.stageOutcome(
    host.manifest,
    changeRange(tree.read(host.manifest) ?? '', PACKAGE, { from: declared, to: wanted }),
  );
  tree.stageDelete(before!, { notes: [`gives way to ${file}`] });
  tree.stageBytes(after!, read(), { notes: [`${PACKAGE}, as this paxx carries it`] });
  const manifest = tree.changes().find(({ path }) => path === host.manifest);
  return {
    paths: [before!, after!],
    record: {
      ...record,
      files: record.files
        .filter((entry) => entry !== brought)
        .map((entry) =>
          entry.kind === 'edited' && entry.path === host.manifest && manifest !== undefined
            ? replaceInRecord(entry, { from: declared, to: wanted }, manifest)
            : entry,
        ),
    },
  };
}

function isOurs(declared: string): boolean {
  return declared.startsWith(`file:${VENDOR}/paxx-redis-`);
}

/** Ways in which the file would be missing where the app is installed. */
async function warnOfWaysRound({ tree, host, warnings }: StepContext, path: string): Promise<void> {
  if ((await ignoredPaths(tree.root, [path])).length > 0) {
    warnings.push({ path, message: 'is ignored by git, but belongs into the repository: git add --force it' });
  }
  const folders = [...new Set([host.app, parentOf(host.manifest), ''])];
  for (const folder of folders) {
    for (const name of tree.list(folder).filter((one) => /^(?:[\w.-]+\.)?Dockerfile$|^Dockerfile\./.test(one))) {
      const text = tree.read(inFolder(folder, name)) ?? '';
      if (!/^\s*(?:COPY|ADD)\b[^\n]*\bpackage[\w*.-]*json/im.test(text) || text.includes(`${VENDOR}/`)) continue;
      const message = `installs from package.json alone: put COPY ${VENDOR}/ ./${VENDOR}/ before the install`;
      warnings.push({ path: inFolder(folder, name), message });
    }
  }
}
