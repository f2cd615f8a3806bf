/** What `add`, `remove` and `upgrade` share: show the plan, ask, write, install, commit. */
import { PaxxError } from '../errors.ts';
import type { ExitName } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { PlanConflict } from '../plan/conflict.ts';
import type { Plan } from '../plan/plan.ts';
import type { VerifyReport } from '../verify/verify-module.ts';

/** Flags of every command that writes, as yargs hands them over. */
export interface WriteFlags {
  readonly cwd?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly diff?: boolean;
  readonly json?: boolean;
  readonly install?: boolean;
  readonly force?: boolean;
  readonly commit?: boolean;
}

export interface Execution {
  /** Absolute path of the tree's root. */
  readonly root: string;
  readonly plan: Plan;
  /** `Add redis to shop-api`: title of the report, question, subject of the commit. */
  readonly title: string;
  /** Said when there is nothing to do. */
  readonly nothing: string;
  /** Undefined: this plan needs no install. */
  readonly install: { readonly command: readonly string[]; readonly folder: string } | undefined;
  /** Files whose uncommitted changes are our own doing. */
  readonly own?: (path: string) => boolean;
  /** Looks whether what is in place works; before a commit, and also where there was nothing to do. */
  readonly verify?: () => Promise<VerifyReport>;
}

export type Executed = 'nothing' | 'dry-run' | 'applied';

/** @throws PaxxError as the exit code table says; nothing is left half done */
export async function execute(execution: Execution, flags: WriteFlags, io: Io): Promise<Executed> {
  const { plan } = execution;
  const quiet = flags.json === true;
  if (plan.conflicts.length > 0) {
    if (quiet) await printJson(execution, 'conflict', io);
    return fail(plan.conflicts, quiet, io);
  }
  if (plan.changes.length === 0) {
    if (!quiet) await show(execution, flags, io, execution.nothing);
    const verified = flags.dryRun ? undefined : await verify(execution, flags, io);
    if (quiet) await printJson(execution, 'nothing', io, verified);
    return 'nothing';
  }
  if (!quiet) await show(execution, flags, io, execution.title);
  if (flags.dryRun) {
    if (quiet) await printJson(execution, 'dry-run', io);
    else io.out('\nDry run: nothing was written.\n');
    return 'dry-run';
  }
  await refuseDirty(execution, flags);
  await ask(execution, flags, io);
  const locks = await cleanLockFiles(execution, flags);
  await write(execution, flags, io);
  const verified = await verify(execution, flags, io);
  if (flags.commit) await commit(execution, locks, flags, io);
  if (quiet) await printJson(execution, 'applied', io, verified);
  return 'applied';
}

/** A file that does not parse is the user's to mend; everything else is a conflict of the plan. */
function fail(conflicts: readonly PlanConflict[], quiet: boolean, io: Io): never {
  const broken = conflicts.some((conflict) => conflict.code === 'syntax' || conflict.code === 'encoding');
  const unwritable = conflicts.every((conflict) => ['read-only', 'link', 'not-a-file'].includes(conflict.code));
  // Only a look at the disk after planning finds this: another program was at work meanwhile.
  const stale = conflicts.some((conflict) => conflict.code === 'changed');
  const code: ExitName = stale ? 'STALE_PLAN' : broken ? 'BROKEN_FILE' : unwritable ? 'NOT_WRITABLE' : 'CONFLICT';
  const [first, ...rest] = conflicts;
  if (quiet) throw new SilentExit(code);
  for (const conflict of rest) io.err(`paxx: ${conflictLine(conflict)}\n  ${conflict.hint}\n`);
  const { path, line, column, snippet } = first!;
  throw new PaxxError(code, first!.reason, {
    hint: `${first!.hint} Nothing was written.`,
    place: { path, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) },
    ...(snippet === undefined ? {} : { snippet }),
  });
}

/** The JSON document that was printed says it all; only the exit code is left to set. */
export class SilentExit extends PaxxError {
  constructor(code: ExitName) {
    super(code, 'see the JSON document');
  }
}

function conflictLine({ path, line, column, reason }: PlanConflict): string {
  return `${[path, line, column].filter((part) => part !== undefined).join(':')}: ${reason}`;
}

async function show({ plan }: Execution, flags: WriteFlags, io: Io, title: string): Promise<void> {
  const { formatPlan } = await import('../plan/report.ts');
  io.out(`${title}\n\n${formatPlan(plan)}`);
  if (!flags.diff || plan.changes.length === 0) return;
  const { formatDiffs, shownDiffs } = await import('../plan/diff.ts');
  io.out(`\n${await formatDiffs(await shownDiffs(plan.changes), { color: io.color })}`);
}

async function printJson({ plan, root }: Execution, result: string, io: Io, verified?: VerifyReport): Promise<void> {
  const { planToJson } = await import('../plan/plan.ts');
  const document = { result, root, ...(await planToJson(plan)), ...(verified && { verified }) };
  io.out(`${JSON.stringify(document, undefined, 2)}\n`);
}

async function refuseDirty({ root, plan, own }: Execution, flags: WriteFlags): Promise<void> {
  if (flags.force) return;
  const { dirtyPaths } = await import('../plan/git.ts');
  const paths = plan.changes.filter((change) => change.kind !== 'create').map((change) => change.path);
  const dirty = (await dirtyPaths(root, paths, { tracked: true })).filter((path) => !own?.(path));
  const [first, ...more] = dirty;
  if (first === undefined) return;
  throw new PaxxError('DIRTY', `has uncommitted changes${more.length > 0 ? `, as have ${more.join(', ')}` : ''}`, {
    hint: 'Commit or stash them first, or pass --force to write all the same. Nothing was written.',
    place: { path: first },
  });
}

async function ask({ title }: Execution, flags: WriteFlags, io: Io): Promise<void> {
  if (flags.yes) return;
  if (!io.interactive || flags.json) {
    throw new PaxxError('NEEDS_ANSWER', 'there is no terminal to ask on', {
      hint: 'Pass --yes to write these changes, or --dry-run to only look. Nothing was written.',
    });
  }
  const answer = await io.confirm(`${title}: write these changes?`);
  if (answer === undefined) throw new PaxxError('INTERRUPTED', 'cancelled; nothing was written');
  if (!answer) throw new PaxxError('DECLINED', 'declined; nothing was written');
}

/** What is said on the way; beside a JSON document it goes to stderr. */
function say(text: string, flags: WriteFlags, io: Io): void {
  if (flags.json) io.err(text);
  else io.out(text);
}

async function write({ root, plan, install }: Execution, flags: WriteFlags, io: Io): Promise<void> {
  const { applyPlan } = await import('../plan/apply.ts');
  const wanted = flags.install !== false ? install : undefined;
  await applyPlan(root, plan, {
    signal: io.signal,
    ...(wanted === undefined
      ? {}
      : {
          install: async ({ signal, started }) => {
            say(`\nRunning ${wanted.command.join(' ')} …\n`, flags, io);
            const { installDependencies } = await import('../install/install.ts');
            await installDependencies({ ...wanted, signal, started });
          },
        }),
  });
}

async function verify(execution: Execution, flags: WriteFlags, io: Io): Promise<VerifyReport | undefined> {
  const report = await execution.verify?.();
  if (report) say(`\nVerified against ${report.server}: ${report.checks.join(', ')}.\n`, flags, io);
  return report;
}

/** Lock files without changes of the user's, there or not: what the install makes of them belongs to the commit. */
async function cleanLockFiles({ root, plan, install }: Execution, flags: WriteFlags): Promise<readonly string[]> {
  if (!flags.commit || flags.install === false || install === undefined) return [];
  const { dirtyPaths } = await import('../plan/git.ts');
  const { lockFileCandidates } = await import('../plan/guarded.ts');
  const locks = lockFileCandidates(plan.changes.map((change) => change.path));
  const dirty = new Set(await dirtyPaths(root, locks));
  return locks.filter((path) => !dirty.has(path));
}

async function commit(
  { root, plan, title }: Execution,
  locks: readonly string[],
  flags: WriteFlags,
  io: Io,
): Promise<void> {
  const { commitPaths } = await import('../plan/git.ts');
  const committed = await commitPaths(root, [...plan.changes.map((change) => change.path), ...locks], title);
  say(`\nCommitted ${committed.length} files.\n`, flags, io);
}
