/** Shell completion: the script as bash runs it, the script for zsh, and what is offered where. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { FRAMEWORK_NAMES } from '../../src/cli/hosts/host.ts';
import { builtCli } from './support/built.ts';
import { folder } from './support/folders.ts';
import { environment, paxx, program } from './support/process.ts';

/** What is offered after these words, as bash asks for it. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const { code, out, err } = await paxx(folder(), ['--get-yargs-completions', 'paxx', ...words], {
    env: { SHELL: '/bin/bash' },
  });
  expect([code, err]).toEqual([EXIT.OK.code, '']);
  // Colons are escaped, for zsh takes what follows them for a description.
  return out
    .trimEnd()
    .replaceAll(String.raw`\:`, ':')
    .split('\n');
}

describe('offers', () => {
  test.each([
    ['commands', [''], ['infra', 'exit-codes', 'completion']],
    ['commands of a group', ['infra', ''], ['list', 'add', 'remove', 'upgrade', 'status']],
    ['components to add', ['infra', 'add', ''], ['redis']],
    ['components to remove', ['infra', 'remove', ''], ['redis']],
    ['flags', ['infra', 'add', 'redis', '--'], ['--dry-run', '--diff', '--json', '--yes', '--image', '--cwd']],
    ['flags of one command only', ['infra', 'status', '--'], ['--fix', '--json']],
    ['images', ['infra', 'add', 'redis', '--image', ''], ['redis:7', 'valkey:8']],
    ['clients', ['infra', 'add', 'redis', '--client', ''], ['ioredis', 'redis']],
    ['frameworks', ['infra', 'add', 'redis', '--host', ''], FRAMEWORK_NAMES],
  ])('%s', async (_, words, expected) => {
    expect(await offered(...words)).toEqual(expect.arrayContaining([...expected]));
  });

  test('no flag of another command', async () => {
    expect(await offered('infra', 'status', '--')).not.toContain('--image');
  });
});

describe('the script', () => {
  let bin: string;
  beforeAll(() => {
    bin = `${builtCli().root}/bin`;
    program(bin, 'paxx', `exec '${process.execPath}' '${builtCli().main}' "$@"`);
  });

  test('completes in bash', async () => {
    const { out } = await paxx(folder(), ['completion'], { env: { SHELL: '/bin/bash' } });
    const complete = (line: string): string => {
      const script = `${out}
COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
$(complete -p paxx | sed -E 's/.*-F ([^ ]+) .*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`;
      const done = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env: environment({ path: bin }) });
      expect(done.stderr).toBe('');
      return done.stdout.trimEnd();
    };
    expect(complete('paxx inf')).toBe('infra');
    expect(complete('paxx infra re')).toBe('remove');
    expect(complete('paxx infra add redis --dry')).toBe('--dry-run');
    expect(complete('paxx infra add redis --client io')).toBe('ioredis');
  });

  test('speaks to zsh in its own way', async () => {
    const zsh = { env: { SHELL: '/bin/zsh', ZSH_NAME: 'zsh' } };
    const { out } = await paxx(folder(), ['completion'], zsh);
    expect(out).toMatch(/^#compdef paxx\n/);
    expect(out).toContain('compdef _paxx_yargs_completions paxx');
    const words = await paxx(folder(), ['--get-yargs-completions', 'paxx', 'infra', ''], zsh);
    expect(words.out).toContain('add:Add a component to the app in this folder\n');
  });
});
