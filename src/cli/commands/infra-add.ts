/** `paxx infra add <component>`: plan, show, ask, write, install, verify, next steps. */
import { PaxxError } from '../errors.ts';
import type { Framework } from '../hosts/host.ts';
import type { Io } from '../io.ts';
import { nextSteps } from '../plan/infra/next-steps.ts';
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
  readonly ci?: boolean;
  readonly verify?: boolean;
}

export async function runInfraAdd(flags: InfraAddFlags, io: Io): Promise<void> {
  const cwd = folderOf(flags.cwd, io);
  await beginWriting(cwd, flags, io);
  const { plan, answers } = await planWithAnswers(requestOf(flags, cwd), flags, io);
  const { packageManager } = plan.host;
  const install = installOf({ ...plan, packageManager });
  const result = await execute(
    {
      root: plan.root,
      plan,
      title: `Add ${flags.component} to ${plan.host.name} (${plan.host.framework}, ${plan.host.language}, ${packageManager.name})`,
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

/** Ask what cannot be told, on a terminal; without one the error names the flag that answers. */
async function planWithAnswers(
  request: InfraRequest,
  flags: InfraAddFlags,
  io: Io,
): Promise<{ plan: InfraPlan; answers: readonly Answer[] }> {
  const answers: Answer[] = [];
  let wanted = request;
  for (;;) {
    try {
      return { plan: await planInfra(wanted), answers };
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
  };
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
  for (const { flag, value } of answers) words.push(`--${flag}`, quote(value));
  for (const flag of ['ci', 'verify', 'force', 'commit'] as const) if (flags[flag]) words.push(`--${flag}`);
  if (flags.install === false) words.push('--no-install');
  return words.join(' ');
}

function quote(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
