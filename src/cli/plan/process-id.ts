/** Tells one process from another that got the same number later: a lock must not outlive its owner. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A process for good: number, start and the space in which the number counts, as `pid.start.space`.
 * Fit for a file name.
 */
export type ProcessId = string;

export type Liveness = 'alive' | 'dead' | 'unknown';

/** @returns undefined when there is no such process */
export function identify(pid: number): ProcessId | undefined {
  const start = startOf(pid);
  return start === undefined ? undefined : `${pid}.${start}.${space()}`;
}

/** The process that runs this code. */
export function ownId(): ProcessId {
  return identify(process.pid) ?? `${process.pid}..${space()}`;
}

/** `unknown`: it belongs to another machine or container, whose processes cannot be seen from here. */
export function livenessOf(id: ProcessId): Liveness {
  const [pid, start, ...rest] = id.split('.');
  if (!/^\d+$/.test(pid!) || rest.length === 0) return 'dead';
  if (rest.join('.') !== space()) return 'unknown';
  const now = startOf(Number(pid));
  if (now === undefined) return 'dead';
  return start === '' || now === '' || now === start ? 'alive' : 'dead';
}

export function pidOf(id: ProcessId): number {
  return Number.parseInt(id, 10);
}

/** When the process started, in whatever unit the system counts; empty where it does not tell. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // The name in brackets may hold blanks and brackets of its own: count from the last one.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    } catch {
      return signalled(pid) ? '' : undefined;
    }
  }
  if (!signalled(pid)) return undefined;
  if (process.platform === 'win32') return '';
  try {
    const told = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
    return told.trim().replaceAll(/\W+/g, '-');
  } catch {
    return '';
  }
}

function signalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

let known: string | undefined;

/** Boot and process namespace on Linux, else the machine's name: within one of these a number means one process. */
function space(): string {
  known ??= findSpace();
  return known;
}

function findSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    return `${boot}-${readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')}`;
  } catch {
    return hostname().replaceAll(/[^\w-]/g, '-');
  }
}
