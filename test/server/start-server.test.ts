/** startServer(): the door that tests come through. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';

describe('startServer', () => {
  it('answers on a free port and stops', async () => {
    const server = await startServer();
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
    expect(await ask(server.port, 'PING\r\n')).toBe('+PONG\r\n');
    await server.stop();
    await expect(ask(server.port, 'PING\r\n')).rejects.toThrow('ECONNREFUSED');
  });

  it('expires keys when its clock is moved', async () => {
    await using server = await startServer({ clock: 'virtual', now: 1_000_000 });
    server.command('SET', 'käse', 'v', 'EX', '10');
    expect(server.keys()).toEqual(['käse']);
    server.clock.advance('9s');
    expect(server.command('GET', 'käse')).toBe('$1\r\nv\r\n');
    server.clock.advance('1s');
    expect(server.keys()).toEqual([]);
    expect(server.server.keyspace.expired).toBe(1);
  });
});

function ask(port: number, text: string): Promise<string> {
  return new Promise((done, failed) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.once('data', (bytes) => {
      done(bytes.toString('latin1'));
      socket.destroy();
    });
    socket.once('error', failed);
  });
}
