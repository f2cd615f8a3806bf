/** A real sentinel set-up for tests: a master, a replica and three sentinels that watch them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './redis-cluster.ts';
import { startRedisServer, type RedisServer } from './redis-server.ts';

export interface SentinelSetup {
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly servers: readonly RedisServer[];
  /** The server that the sentinels call the master now. */
  master(): Promise<RedisServer>;
  stop(): Promise<void>;
}

const NAME = 'main';

export async function startSentinels(): Promise<SentinelSetup> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'paxx-sentinel-'));
  const args = ['--repl-diskless-sync-delay', '0'];
  const master = await startRedisServer({ args });
  const replica = await startRedisServer({ args: [...args, '--replicaof', '127.0.0.1', String(master.port)] });
  const servers = [master, replica];
  const processes: ChildProcess[] = [];
  const sentinels = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const port = await freePort();
      const file = path.join(folder, `${number}.conf`);
      await writeFile(
        file,
        `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor ${NAME} 127.0.0.1 ${master.port} 2\n` +
          `sentinel down-after-milliseconds ${NAME} 500\nsentinel failover-timeout ${NAME} 3000\n`,
      );
      const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
      processes.push(child);
      await listening(port);
      return { host: '127.0.0.1', port };
    }),
  );
  const probe = clientOf(sentinels[0]!.port);
  await until(async () => {
    const text = await probe(`SENTINEL master ${NAME}`);
    return /num-other-sentinels\r\n\$1\r\n2/.test(text) && /num-slaves\r\n\$1\r\n1/.test(text);
  });
  return {
    name: NAME,
    sentinels,
    servers,
    async master() {
      const text = await probe(`SENTINEL get-master-addr-by-name ${NAME}`);
      return servers.find(({ port }) => text.includes(`\r\n${port}\r\n`))!;
    },
    async stop() {
      for (const child of processes) child.kill('SIGKILL');
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Inline commands, answered as text. */
function clientOf(port: number): (command: string) => Promise<string> {
  return async (command) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.end(`${command}\r\n`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return text;
  };
}

async function listening(port: number): Promise<void> {
  await until(async () => {
    const socket = net.connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } finally {
      socket.destroy();
    }
  });
}

async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    if (await check().catch(() => false)) return;
    if (performance.now() > deadline) throw new Error('the sentinels did not come up');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
