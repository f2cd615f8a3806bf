/** The package manager's process: recorded before it begins, ended where that fails, its own words kept. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installDependencies, type InstallRequest } from '../../src/cli/install/install.ts';
import { project } from './project.ts';

const WRITES = 'require("fs").writeFileSync("began", ""); console.log("words"); process.exit(Number(process.argv[1]))';

function request(script: string, options: Partial<InstallRequest> = {}): InstallRequest {
  const signal = new AbortController().signal;
  return { command: [process.execPath, '-e', script, '0'], folder: project({}), signal, ...options };
}

describe('an install', () => {
  it('begins once its process number is known', async () => {
    const folder = project({});
    const seen: unknown[] = [];
    const started = (pid: number): void => void seen.push(pid > 0, existsSync(join(folder, 'began')));
    await installDependencies(request(WRITES, { folder, started }));
    expect(seen).toEqual([true, false]);
    expect(existsSync(join(folder, 'began'))).toBe(true);
  });

  it('never begins where that number cannot be kept', async () => {
    const folder = project({});
    let number = 0;
    const started = (pid: number): void => {
      number = pid;
      throw new Error('the disk is full');
    };
    await expect(installDependencies(request(WRITES, { folder, started }))).rejects.toThrow('the disk is full');
    expect(() => process.kill(number, 0)).toThrow('ESRCH');
    expect(existsSync(join(folder, 'began'))).toBe(false);
  });

  it('says what failed, in the words of the package manager', async () => {
    const command = [process.execPath, '-e', WRITES, '3'];
    await expect(installDependencies(request('', { command }))).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: expect.stringMatching(/failed \(exit 3\):\nwords$/) as string,
    });
  });

  it('says that a package manager is missing', async () => {
    await expect(installDependencies(request('', { command: ['paxx-no-such-program'] }))).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
      message: 'paxx-no-such-program is not on this machine, but the project uses it',
    });
  });
});
