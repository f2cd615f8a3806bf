/** The files of the bundled server's image, as they stand in the build. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ServerImage {
  readonly dockerfile: string;
  /** The server, one file that needs nothing but Node. */
  readonly program: string;
}

/** @throws Error when the server has not been built */
export function readServerImage(): ServerImage {
  const folder = serverFolder();
  const dockerfile = readFileSync(path.join(folder, 'Dockerfile'), 'utf8');
  return {
    dockerfile: dockerfile.replace(/^# Build it in .*\n/m, '').replace(/^COPY main\.js /m, 'COPY redis-server.bundle '),
    program: readFileSync(path.join(folder, 'main.js'), 'utf8'),
  };
}

/** `dist/server`, seen from the bundle beside it and from the sources. */
function serverFolder(): string {
  const start = path.dirname(fileURLToPath(import.meta.url));
  for (let at = start; ; at = path.dirname(at)) {
    for (const folder of [path.join(at, 'server'), path.join(at, 'dist/server')]) {
      if (existsSync(path.join(folder, 'main.js'))) return folder;
    }
    if (path.dirname(at) === at) throw new Error(`the bundled server is not built (looked above ${start})`);
  }
}
