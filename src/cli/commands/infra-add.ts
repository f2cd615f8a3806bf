/** `paxx infra add <component>`: plan, show, ask, write, install, verify, next steps. */
import { PaxxError } from '../errors.ts';
import type { Framework } from '../hosts/host.ts';
import type { Io } from '../io.ts';
import { nextSteps } from '../plan/infra/next-steps.ts';
import type { PackageSource } from '../plan/infra/context.ts';
import type { verifyModule, VerifyReport } from '../verify/verify-module.ts';
import { planInfra, type InfraPlan, type InfraRequest } from '../plan/infra/plan-infra.ts';
import { execute, type WriteFlags } from './execute.ts';
import { installOf } from './install-of.ts';
import { beginWriting, folderOf } from './project.ts';

export interface InfraAddFlags extends WriteFlags {
  readonly component: string;
  readonly app?: string;
  readonly host?: string;
  readonly image?: string;
  readonly client?: string;
  readonly settings?: string;
  readonly dir?: string;
  readonly composeService?: string;
  /** Names with commas between; several where the flag was given several times. */
  readonly with?: string | readonly string[];
  readonly packages?: string;
  readonly ci?: boolean;
  readonly verify?: boolean;
}

export async function runInfraAdd(flags: InfraAddFlags, io: Io): Promise<void> {
  const cwd = folderOf(flags.cwd, io);
  await beginWriting(cwd, flags, io);
  const { plan, answers } = await planPieces(await planWithAnswers(requestOf(flags, cwd), flags, io), flags, io);
  const { packageManager } = plan.host;
  const install = installOf({ ...plan, packageManager });
  const added = plan.pieces.added.length > 0 ? ` with ${plan.pieces.added.join(', ')}` : '';
  const result = await execute(
    {
      root: plan.root,
      plan,
      title: `Add ${flags.component}${added} to ${plan.host.name} (${plan.host.framework}, ${plan.host.language}, ${packageManager.name})`,
      nothing: `${flags.component} is in ${plan.host.name} already; nothing to change.`,
      install,
      ...(flags.verify ? { verify: () => verify(plan, io) } : {}),
    },
    flags,
    io,
  );
  if (flags.json || result !== 'applied') return;
  io.out(`\n${nextSteps(plan, { installed: flags.install !== false || install === undefined })}`);
  if (io.interactive && !flags.yes) io.out(`\nThe same without questions:\n  ${replay(flags, answers)}\n`);
}

interface Answer {
  readonly flag: string;
  readonly value: string;
}

interface Planned {
  readonly plan: InfraPlan;
  readonly request: InfraRequest;
  readonly answers: readonly Answer[];
}

/** On a terminal, whoever adds the component is asked once what else of it is wanted. */
async function planPieces(planned: Planned, flags: InfraAddFlags, io: Io): Promise<Planned> {
  const { plan, request, answers } = planned;
  const silent = !io.interactive || flags.yes || flags.json || flags.dryRun || flags.with !== undefined;
  if (silent || plan.known || plan.conflicts.length > 0) return planned;
  const { findComponent } = await import('../components/index.ts');
  const choices = findComponent(flags.component)!.pieces.map(({ name, summary }) => ({
    value: name,
    label: name,
    hint: summary,
  }));
  const chosen = await io.multiselect('Which pieces of @paxx/redis besides? (none: Enter)', choices);
  if (chosen === undefined) throw new PaxxError('INTERRUPTED', 'cancelled; nothing was written');
  if (chosen.length === 0) return planned;
  const wanted = { ...request, with: chosen };
  return {
    plan: await planInfra(wanted),
    request: wanted,
    answers: [...answers, { flag: 'with', value: chosen.join(',') }],
  };
}

/** Ask what cannot be told, on a terminal; without one the error names the flag that answers. */
async function planWithAnswers(request: InfraRequest, flags: InfraAddFlags, io: Io): Promise<Planned> {
  const answers: Answer[] = [];
  let wanted = request;
  for (;;) {
    try {
      return { plan: await planInfra(wanted), request: wanted, answers };
    } catch (error) {
      const question = error instanceof PaxxError && error.code === 'NEEDS_ANSWER' ? error.details.question : undefined;
      const asked = question !== undefined && answers.some((answer) => answer.flag === question.flag);
      if (!question || asked || !io.interactive || flags.yes || flags.json) throw error;
      const [first = ''] = (error as Error).message.split('\n');
      const value = await io.select(first, question.choices);
      if (value === undefined) throw new PaxxError('INTERRUPTED', 'cancelled; nothing was written');
      answers.push({ flag: question.flag, value });
      wanted = { ...wanted, [question.flag]: value };
    }
  }
}

function requestOf(flags: InfraAddFlags, cwd: string): InfraRequest {
  return {
    component: flags.component,
    cwd,
    ...pick(flags, ['app', 'image', 'client', 'settings', 'dir', 'composeService', 'ci', 'force']),
    ...(flags.host === undefined ? {} : { host: flags.host as Framework }),
    ...(flags.with === undefined ? {} : { with: namesIn(flags.with) }),
    ...(flags.packages === undefined ? {} : { packages: flags.packages as PackageSource }),
  };
}

function namesIn(said: string | readonly string[]): string[] {
  const names = [said].flat().flatMap((words) => words.split(','));
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): { [P in K]?: NonNullable<T[P]> } {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]]))) as {
    [P in K]?: NonNullable<T[P]>;
  };
}

async function verify(plan: InfraPlan, io: Io): Promise<VerifyReport> {
  const { verifyModule: run } = await import('../verify/verify-module.ts');
  return run(verifyRequest(plan), { redisUrl: io.env['REDIS_URL'], signal: io.signal });
}

function verifyRequest({ root, host, module, access }: InfraPlan): Parameters<typeof verifyModule>[0] {
  const [connection, cache] = module.files.map((file) => file.path);
  return { root, host, module: { connection: connection!, cache: cache! }, access };
}

function replay(flags: InfraAddFlags, answers: readonly Answer[]): string {
  const words = ['paxx', 'infra', 'add', flags.component, '--yes'];
  for (const [name, value] of Object.entries(
    pick(flags, ['app', 'host', 'image', 'client', 'settings', 'dir', 'composeService', 'cwd']),
  )) {
    words.push(`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, quote(String(value)));
  }
  if (flags.with !== undefined) words.push('--with', namesIn(flags.with).join(','));
  if (flags.packages !== undefined) words.push('--packages', flags.packages);
  for (const { flag, value } of answers) words.push(`--${flag}`, quote(value));
  for (const flag of ['ci', 'verify', 'force', 'commit'] as const) if (flags[flag]) words.push(`--${flag}`);
  if (flags.install === false) words.push('--no-install');
  return words.join(' ');
}

function quote(word: string): string {
  return /^[\w./:@,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
