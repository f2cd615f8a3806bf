// Is a server there? One PING over a socket, for health checks, `status` and `wait`.

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { encodeCommand } from '../../redis/protocol/index.ts';

/** `ready`: it answers PONG, or asks for a password. `loading`: it is up and not ready. `silent`: nothing answers. */
export type Health = 'ready' | 'loading' | 'silent';

export interface PingResult {
  readonly health: Health;
  /** What it said, or why it could not be asked. */
  readonly answer: string;
}

/** @param url `redis://[user:password@]host:port`, `rediss://…`, or `redis+unix:///path` */
export function ping(url: string, timeout = 1000): Promise<PingResult> {
  const { protocol, hostname, port, pathname, username, password } = new URL(url);
  return new Promise((done) => {
    const socket: Socket =
      protocol === 'redis+unix:' || protocol === 'unix:'
        ? connect(pathname)
        : protocol === 'rediss:'
          ? connectTls({ host: plain(hostname), port: Number(port || 6379), rejectUnauthorized: false })
          : connect(Number(port || 6379), plain(hostname));
    const timer = setTimeout(() => finish('silent', `no answer within ${timeout} ms`), timeout);
    const finish = (health: Health, answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      done({ health, answer });
    };
    let text = '';
    const login = password === '' ? 0 : 1;
    if (login > 0) {
      const user = decodeURIComponent(username);
      const secret = decodeURIComponent(password);
      socket.write(encodeCommand(user === '' ? ['AUTH', secret] : ['AUTH', user, secret]));
    }
    socket.write(encodeCommand(['PING']));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const lines = text.split('\r\n');
      if (lines.length > login + 1) finish(judge(lines[login]!), lines[login]!);
    });
    socket.on('error', (error) => finish('silent', error.message));
    socket.on('close', () => finish('silent', 'the connection was closed'));
  });
}

function judge(answer: string): Health {
  if (answer === '+PONG' || answer.startsWith('-NOAUTH')) return 'ready';
  return answer.startsWith('-') ? 'loading' : 'silent';
}

function plain(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
