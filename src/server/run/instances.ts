// Which servers run on this machine: one small file each, so that `stop` and `status` find what `start` began.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Instance {
  readonly pid: number;
  /** Without the password. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Per user, readable by nobody else. */
function folder(): string {
  const base = process.env['XDG_RUNTIME_DIR'] ?? join(tmpdir(), `paxx-${process.getuid?.() ?? 0}`);
  return join(base, 'paxx-redis');
}

export function recordInstance(instance: Instance): void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  writeFileSync(fileOf(instance.pid), `${JSON.stringify(instance)}\n`, { mode: 0o600 });
}

export function forgetInstance(pid: number): void {
  rmSync(fileOf(pid), { force: true });
}

/** Those whose process is alive, by port. Records of processes that are gone are removed on the way. */
export function listInstances(): Instance[] {
  let names: string[];
  try {
    names = readdirSync(folder()).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
  const found: Instance[] = [];
  for (const name of names) {
    const instance = read(join(folder(), name));
    if (instance !== undefined && isAlive(instance.pid)) found.push(instance);
    else rmSync(join(folder(), name), { force: true });
  }
  return found.sort((a, b) => a.port - b.port);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function read(file: string): Instance | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Instance;
  } catch {
    return undefined;
  }
}

function fileOf(pid: number): string {
  return join(folder(), `${pid}.json`);
}
