/** A program that starts a server, uses it and forgets to stop it: it has to end all the same. */
import { connect } from 'node:net';
import { startServer } from '../../../src/server/index.ts';

const redis = await startServer({ settings: { timeout: 1000 } });
redis.call('SET', 'k', 'v', 'EX', 1000);
const socket = connect(redis.port, redis.host, () => socket.write('PING\r\n'));
socket.once('data', (bytes) => {
  process.stdout.write(bytes);
  // The connection stays open: only the server's end of it must not count.
  socket.unref();
});
