/** HELP names the forms of every container command as redis-server does; what they do is said in words of our own. */
import { describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';

const CONTAINERS = [
  'ACL',
  'CLIENT',
  'CLUSTER',
  'COMMAND',
  'CONFIG',
  'FUNCTION',
  'LATENCY',
  'MEMORY',
  'MODULE',
  'OBJECT',
  'PUBSUB',
  'SCRIPT',
  'SLOWLOG',
  'XGROUP',
  'XINFO',
];

describe.skipIf(!hasRedisServer())('HELP', () => {
  it('names the forms that redis-server names', async () => {
    const theirs = await startRedisServer({ args: ['--cluster-enabled', 'yes'] });
    await using ours = await startServer({ config: { 'cluster-enabled': 'yes' } });
    try {
      for (const container of CONTAINERS) {
        expect(forms(ours.call(container, 'HELP'))).toEqual(forms(await theirs.command(container, 'HELP')));
      }
    } finally {
      await theirs.stop();
    }
  });
});

/** The lines that are not indented. */
function forms(lines: unknown): string[] {
  return (lines as string[]).filter((line) => !line.startsWith(' ')).toSorted();
}
