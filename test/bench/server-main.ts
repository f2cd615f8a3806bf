/** The process that test/bench/server.mjs measures: a server on the port given, and nothing else. */
import { startServer } from '../../src/server/index.ts';

const started = await startServer({ port: Number(process.argv[2] ?? 0) });
setInterval(() => {}, 1 << 30);
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`ready ${started.port}\n`);
