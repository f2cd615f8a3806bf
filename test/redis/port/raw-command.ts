/** One command over a connection of its own, past every client. */
import net from 'node:net';
import { Decoder, ErrorReply, encodeCommand } from '../../../src/redis/protocol/index.ts';

export async function rawCommand(port: number, args: readonly string[]): Promise<unknown> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    return await new Promise((resolve, reject) => {
      const decoder = new Decoder({
        onReply: (reply) => {
          if (reply instanceof ErrorReply) reject(new Error(reply.message));
          else resolve(reply);
        },
      });
      socket.on('data', (bytes) => decoder.write(bytes));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed before a reply')));
      socket.write(encodeCommand(args));
    });
  } finally {
    socket.destroy();
  }
}
