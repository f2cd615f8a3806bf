/** A Redis to verify against: the one the user names, else the bundled server, started for the purpose. */
import { loadServer } from '../server-program.ts';

export interface VerifyServer extends AsyncDisposable {
  readonly url: string;
  /** For the report; never holds credentials. */
  readonly name: string;
}

export async function openVerifyServer(redisUrl: string | undefined): Promise<VerifyServer> {
  if (redisUrl) return { url: redisUrl, name: 'the Redis of REDIS_URL', [Symbol.asyncDispose]: async () => {} };
  const { url, stop } = await loadServer().runServer({ args: ['--port', '0', '--save', ''], log: () => {} });
  return { url, name: 'the bundled server', [Symbol.asyncDispose]: stop };
}
