/** What ACL remembers and does beyond its replies: the log, lost connections, files, configuration, starting up. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DecodedReply } from '../../src/redis/commands/index.ts';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { runServer } from '../../src/server/run/run-server.ts';
import type { Running } from '../../src/server/run/run-server.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openWire } from '../support/wire-client.ts';
import type { WireClient } from '../support/wire-client.ts';
import { words } from './runner.ts';

/** A conversation with one server: lines to send by connection, and what to make of the replies. */
type Play = (clients: Cast) => Promise<unknown>;

/** Connections to one server, opened as they are named. */
class Cast {
  readonly port: number;
  readonly open = new Map<string, WireClient>();

  constructor(port: number) {
    this.port = port;
  }

  async client(name: string): Promise<WireClient> {
    let client = this.open.get(name);
    if (client === undefined) this.open.set(name, (client = await openWire(this.port)));
    return client;
  }

  /** Plain text of the reply; `gone` when the connection is closed instead. */
  async say(name: string, line: string | readonly string[]): Promise<unknown> {
    const client = await this.client(name);
    try {
      return plain(await client.send(words(line)));
    } catch {
      return 'gone';
    }
  }

  async all(name: string, lines: readonly string[]): Promise<unknown[]> {
    const replies: unknown[] = [];
    for (const line of lines) replies.push(await this.say(name, line));
    return replies;
  }

  /** Entries of the log without what differs from run to run. */
  async log(count = 100): Promise<unknown[]> {
    const entries = (await this.say('admin', `ACL LOG ${count}`)) as unknown[][];
    return entries.map((fields) => {
      const at = fields.indexOf('age-seconds');
      expect(Number(fields[at + 1])).toBeGreaterThanOrEqual(0);
      const info = String(fields[fields.indexOf('client-info') + 1]);
      const kept = / (cmd|user|multi|name)=(\S*)/g;
      return [...fields.slice(0, at), ...[...info.matchAll(kept)].map(([, name, value]) => `${name}=${value}`)];
    });
  }

  close(): void {
    for (const client of this.open.values()) client.close();
  }
}

function plain(value: DecodedReply): unknown {
  if ('items' in value) return value.items.map(plain);
  if (value.type === 'map') return value.entries.flat().map(plain);
  return 'value' in value ? (value.type === 'error' ? `-${value.value}` : value.value) : null;
}

/** A server with this configuration file, on a free port. */
async function startWith(conf: string, isOurs: boolean): Promise<[number, () => Promise<unknown>]> {
  if (isOurs) {
    const running: Running = await runServer({ args: [conf, '--port', '0'], log: () => {} });
    return [running.port, () => running.stop()];
  }
  const started = await startRedisServer({ file: conf });
  return [started.port, () => started.stop()];
}

const needsRedis = describe.skipIf(!hasRedisServer());

needsRedis('acl: what is remembered and done', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });

  /** The play has the same outcome on both servers, which is returned. */
  async function same(play: Play): Promise<unknown> {
    const outcomes: unknown[] = [];
    for (const { port } of [theirs, ours]) {
      const cast = new Cast(port);
      try {
        await cast.all('admin', ['ACL LOG RESET', 'CONFIG SET acllog-max-len 128', 'SET k 1', 'RPUSH l 1']);
        outcomes.push(await play(cast));
      } finally {
        await cast.all('admin', ['ACL DELUSER u v w', 'CONFIG SET requirepass ""']);
        cast.close();
      }
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    return outcomes[0];
  }

  describe('the log', () => {
    it('tells who was refused what, where', async () => {
      await same(async (cast) => {
        await cast.say('admin', 'ACL SETUSER u on >x ~a* &c +@all -get -config|set');
        await cast.all('u', [
          'AUTH u wrong',
          'AUTH nobody x',
          'HELLO 2 AUTH u wrong',
          'auth u x',
          'CLIENT SETNAME somebody',
          'GET a',
          'CONFIG SET x y',
          'SET b 1',
          'MSET a 1 b 2 c 3',
          'PUBLISH d x',
          'MULTI',
          'GET a',
          'SET b 1',
          'EXEC',
          "EVAL \"return redis.pcall('get','a')\" 0",
          "EVAL \"redis.call('set','b',1)\" 0",
          "EVAL \"return redis.acl_check_cmd('get','b')\" 0",
          "EVAL \"redis.call('publish','d',1)\" 0",
        ]);
        return cast.log();
      });
    });

    it('tells what EXEC refused', async () => {
      await same(async (cast) => {
        await cast.say('admin', 'ACL SETUSER u on nopass ~a* +@all');
        await cast.all('u', ['AUTH u x', 'MULTI', 'GET a', 'SET a 1']);
        await cast.say('admin', 'ACL SETUSER u -get resetkeys');
        return [await cast.say('u', 'EXEC'), await cast.log()];
      });
    });

    it('counts what is alike, newest first, among the ten newest', async () => {
      await same(async (cast) => {
        await cast.say('admin', 'ACL SETUSER u on nopass');
        const repeated = ['GET a', 'GET b', 'SET a 1', 'GET c', 'AUTH u2 x', 'AUTH v x', 'AUTH u2 y'];
        const many = [
          'LLEN a',
          'HLEN a',
          'SCARD a',
          'ZCARD a',
          'XLEN a',
          'TTL a',
          'TYPE a',
          'DEL a',
          'INCR a',
          'DECR a',
        ];
        await cast.all('u', ['AUTH u x', ...repeated, ...many, 'GET a', 'DECR a', 'LLEN a']);
        return cast.log();
      });
    });

    it('keeps so many entries', async () => {
      await same(async (cast) => {
        await cast.all('admin', ['ACL SETUSER u on nopass +set', 'CONFIG SET acllog-max-len 3']);
        await cast.all('u', ['AUTH u x', ...Array.from({ length: 8 }, (_, i) => `SET k${i} 1`)]);
        const before = await cast.log();
        await cast.all('admin', ['CONFIG SET acllog-max-len 0']);
        const during = await cast.log();
        await cast.say('u', 'SET x 1');
        const after = await cast.log();
        return [before, during, after, await cast.log(2), await cast.log(0), await cast.say('admin', 'ACL LOG -5')];
      });
    });
  });

  describe('connections', () => {
    it('are lost with their user', async () => {
      await same(async (cast) => {
        await cast.say('admin', 'ACL SETUSER u on nopass ~* +@all');
        await cast.all('u', ['AUTH u x', 'PING']);
        await cast.all('w', ['AUTH u x', 'PING']);
        const removed = await cast.say('admin', 'ACL DELUSER u');
        return [removed, await cast.say('u', 'PING'), await cast.say('w', 'PING'), await cast.say('admin', 'PING')];
      });
    });

    it('that remove their own user get the answer first', async () => {
      await same(async (cast) => {
        await cast.say('admin', 'ACL SETUSER u on nopass ~* +@all');
        return cast.all('u', ['AUTH u x', 'ACL DELUSER u', 'PING']);
      });
    });

    it('that block are lost too', async () => {
      await same(async (cast) => {
        await cast.say('admin', 'ACL SETUSER u on nopass ~* +@all');
        await cast.say('u', 'AUTH u x');
        const blocked = cast.say('u', 'BLPOP nokey 0');
        await cast.say('admin', 'PING');
        await cast.say('admin', 'ACL DELUSER u');
        return [await blocked, await cast.say('admin', 'RPUSH nokey 1'), await cast.say('admin', 'DEL nokey')];
      });
    });

    it.each([
      ['SUBSCRIBE foo:1', '&foo:1', 'resetchannels', 'gone'],
      ['SSUBSCRIBE foo:1', '&foo:1', 'resetchannels', 'gone'],
      ['PSUBSCRIBE foo:*', '&foo:*', 'resetchannels &foo:1', 'gone'],
      ['PSUBSCRIBE foo:*', '&*', 'resetchannels &foo:?', 'gone'],
      ['SUBSCRIBE foo:1', '&*', 'resetchannels &foo:?', 'stays'],
      ['SUBSCRIBE foo:1', '&foo:1 &x', 'resetchannels &foo:1', 'stays'],
      ['SUBSCRIBE foo:1', '&foo:1', 'resetchannels &foo:1 &y', 'stays'],
      ['SUBSCRIBE foo:1', '&foo:1', 'allchannels', 'stays'],
      ['SUBSCRIBE foo:1', '(&foo:1 +subscribe)', 'clearselectors', 'gone'],
      ['SUBSCRIBE foo:1', '(&foo:1 +subscribe)', 'clearselectors &foo:*', 'stays'],
      ['SUBSCRIBE foo:1', '&foo:1', '-@all off resetpass', 'stays'],
      ['PING', '&foo:1', 'resetchannels', 'stays'],
    ])('after %s with %s and then %s: %s', async (first, before, after, outcome) => {
      const seen = await same(async (cast) => {
        await cast.say('admin', `ACL SETUSER u on nopass ~* +@all ${before}`);
        await cast.all('u', ['AUTH u x', 'CLIENT SETNAME watched', first]);
        await cast.say('admin', `ACL SETUSER u ${after}`);
        return String(await cast.say('admin', 'CLIENT LIST')).includes('watched') ? 'stays' : 'gone';
      });
      expect(seen).toBe(outcome);
    });
  });

  it('secrets do not show in the slow log', async () => {
    await same(async (cast) => {
      await cast.all('admin', ['CONFIG SET slowlog-log-slower-than 0', 'SLOWLOG RESET']);
      await cast.all('admin', [
        'ACL SETUSER u on >secret',
        'ACL GETUSER u',
        'AUTH u secret',
        'AUTH default x',
        'ACL DELUSER u',
      ]);
      await cast.all('admin', ['CONFIG SET slowlog-log-slower-than 10000']);
      return ((await cast.say('admin', 'SLOWLOG GET 10')) as unknown[][]).map((entry) => entry[3]);
    });
  });
});

needsRedis('acl: files', () => {
  let folder: string;
  const stopping: (() => Promise<unknown>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'paxx-acl-'));
  });
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Both servers with an ACL file of this content each; `save` reads the file of one. */
  async function withFile(text: string): Promise<readonly { cast: Cast; path: string }[]> {
    const paths = ['theirs.acl', 'ours.acl'].map((name) => join(folder, name));
    for (const path of paths) writeFileSync(path, text, 'latin1');
    const theirs = await startRedisServer({ args: ['--aclfile', paths[0]!] });
    const ours = await startServer({ dir: folder, config: { aclfile: 'ours.acl', save: '' } });
    const casts = [theirs, ours].map(({ port }) => new Cast(port));
    stopping.push(async () => casts.forEach((cast) => cast.close()));
    stopping.push(() => theirs.stop());
    stopping.push(() => ours.stop());
    return casts.map((cast, i) => ({ cast, path: paths[i]! }));
  }

  it('are loaded at the start, saved, and loaded again', async () => {
    const both = await withFile(
      'user alice on >pw ~a* +get (+set %W~w*)\n\n  user bob on nopass +@all  \nuser carl off\n',
    );
    const outcomes: unknown[] = [];
    for (const { cast, path } of both) {
      const seen: unknown[] = [await cast.say('admin', 'ACL LIST')];
      seen.push(await cast.all('alice', ['AUTH alice pw', 'GET a', 'GET b', 'SET w 1', 'ACL SAVE']));
      seen.push(await cast.all('admin', ['ACL SETUSER eve on nopass +get ~*', 'ACL DELUSER carl', 'ACL SAVE']));
      seen.push(readFileSync(path, 'latin1'));
      await cast.say('eve', 'AUTH eve x');
      seen.push(await cast.say('admin', 'ACL SETUSER dora on'));
      seen.push(await cast.all('admin', ['ACL LOAD', 'ACL USERS']));
      // Whoever was not the default user has lost the connection.
      seen.push(await cast.say('alice', 'PING'), await cast.say('eve', 'PING'));
      outcomes.push(seen);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('a client that loads the file while logged in gets the answer and is gone', async () => {
    const outcomes: unknown[] = [];
    for (const { cast } of await withFile('user alice on >pw +@all ~*\n')) {
      outcomes.push(await cast.all('alice', ['AUTH alice pw', 'ACL LOAD', 'ACL WHOAMI']));
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('that name the default user restrict it', async () => {
    const outcomes: unknown[] = [];
    for (const { cast, path } of await withFile('user default on nopass ~* +@all\nuser a on >x ~* +@all\n')) {
      const seen: unknown[] = [await cast.all('admin', ['SUBSCRIBE x', 'ACL LIST', 'AUTH a x'])];
      writeFileSync(path, 'user default on >secret ~* +@all\n');
      seen.push(await cast.all('admin', ['ACL LOAD']), await cast.all('other', ['PING', 'AUTH secret', 'ACL LIST']));
      outcomes.push(seen);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('with faults change nothing', async () => {
    const texts = [
      'user alice on\nuser alice off\n',
      'user default on\nuser default off\n',
      'alice on\n',
      'user\n',
      '# comment\n',
      'user b\x0b on\n',
      'user alice +nosuch -nosuch +@nosuch ~a\x0bb &* &a\nuser bob nonsense <pw\n',
      'user alice (+get\n',
      'user alice #abc\nuser bob (+nosuch)\n',
      'USER alice on\n',
    ];
    const outcomes: unknown[] = [];
    for (const { cast, path } of await withFile('user alice on >pw +@all\n')) {
      const seen: unknown[] = [];
      for (const text of texts) {
        writeFileSync(path, text, 'latin1');
        seen.push(String(await cast.say('admin', 'ACL LOAD')).replaceAll(/\S*\w+\.acl/g, 'FILE'));
      }
      rmSync(path);
      seen.push(String(await cast.say('admin', 'ACL LOAD')).replaceAll(/'\S*\w+\.acl/g, "'FILE"));
      seen.push(await cast.say('admin', 'ACL LIST'));
      outcomes.push(seen);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('lines of the configuration make users, and CONFIG REWRITE keeps them', async () => {
    const text =
      'port 0\nuser default on >secret ~* &* +@all -flushall\n# kept\nuser alice on nopass ~a* +get ( +set )\nuser bob\n';
    const outcomes: unknown[] = [];
    for (const name of ['theirs', 'ours']) {
      const conf = join(folder, `${name}.conf`);
      writeFileSync(conf, text);
      const [port, stop] = await startWith(conf, name === 'ours');
      const cast = new Cast(port);
      const seen: unknown[] = [await cast.all('admin', ['PING', 'AUTH secret', 'ACL LIST', 'FLUSHALL'])];
      seen.push(await cast.all('admin', ['ACL SETUSER carl on', 'ACL DELUSER bob', 'CONFIG REWRITE']));
      cast.close();
      await stop();
      seen.push(
        readFileSync(conf, 'utf8')
          .split('\n')
          .filter((line) => /^user |^# kept/.test(line)),
      );
      // redis-server would look for the folder that the first start was given.
      writeFileSync(conf, readFileSync(conf, 'utf8').replace(/^dir .*$/m, ''));
      const [again, stopAgain] = await startWith(conf, name === 'ours');
      const second = new Cast(again);
      seen.push(await second.all('admin', ['AUTH secret', 'ACL LIST', 'ACL LOAD']));
      second.close();
      await stopAgain();
      outcomes.push(seen);
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it.each([
    [['--user', 'foo', '--user', 'foo'], /Duplicate user/],
    [['--user', 'default', '--user', 'default'], /Duplicate user/],
    [['--user', 'foo', 'on', 'nonsense'], /Syntax error/],
    [['--user', 'foo', '+nosuch'], /Unknown command or category name in ACL/],
    [['--user', 'foo', '~*', '--aclfile', '/nonexistent/users.acl'], /not both/],
    [['--aclfile', '/nonexistent/users.acl'], /opening file '\/nonexistent\/users.acl': No such file or directory/],
  ] as const)('refuses to start with %j', async (args, reason) => {
    const socket = ['--port', '0', '--unixsocket', join(folder, 'socket')];
    const real = spawnSync('redis-server', [...socket, '--save', '', ...args], { encoding: 'utf8' });
    expect(real.status).toBe(1);
    expect(real.stdout + real.stderr).toMatch(reason);
    await expect(runServer({ args: ['--port', '0', ...args], log: () => {} })).rejects.toThrow(reason);
  });
});
