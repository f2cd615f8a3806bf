/** Hears what a redis-server propagates, by asking for its data as a replica would. */
import { connect } from 'node:net';

export interface ReplicaFeed {
  /** Commands so far, without those that only keep the link alive. */
  readonly commands: string[][];
  /** Wait until this many commands of that name have come. */
  until(name: string, count: number): Promise<void>;
  close(): void;
}

export async function openReplicaFeed(port: number): Promise<ReplicaFeed> {
  const socket = connect(port, '127.0.0.1');
  const commands: string[][] = [];
  const waiting: { readonly name: string; readonly count: number; readonly done: () => void }[] = [];
  let buffer = '';
  let loaded = false;
  const ready = new Promise<void>((done, failed) => {
    socket.on('error', failed);
    socket.on('data', (bytes) => {
      buffer += bytes.toString('latin1');
      if (!loaded) {
        buffer = buffer.replace(/^\n+/, '');
        const head = /^\$(\d+)\r\n/.exec(buffer);
        if (head === null || buffer.length < head[0].length + Number(head[1])) return;
        buffer = buffer.slice(head[0].length + Number(head[1]));
        loaded = true;
        done();
      }
      for (let command = takeCommand(); command !== undefined; command = takeCommand()) {
        if (!['ping', 'select', 'replconf'].includes(command[0]!.toLowerCase())) commands.push(command);
      }
      for (const waiter of waiting) if (seen(waiter.name) >= waiter.count) waiter.done();
    });
  });
  const seen = (name: string): number => commands.filter(([first]) => first === name).length;

  function takeCommand(): string[] | undefined {
    const head = /^\*(\d+)\r\n/.exec(buffer);
    if (head === null) return undefined;
    const argv: string[] = [];
    let at = head[0].length;
    for (let i = 0; i < Number(head[1]); i++) {
      const end = buffer.indexOf('\r\n', at);
      const length = Number(buffer.slice(at + 1, end));
      if (end < 0 || buffer.length < end + length + 4) return undefined;
      argv.push(buffer.slice(end + 2, end + 2 + length));
      at = end + length + 4;
    }
    buffer = buffer.slice(at);
    return argv;
  }

  socket.write('SYNC\r\n');
  await ready;
  return {
    commands,
    until: (name, count) =>
      seen(name) >= count ? Promise.resolve() : new Promise((done) => void waiting.push({ name, count, done })),
    close: () => socket.destroy(),
  };
}

/** Without the times, which differ between two servers, and without LIMIT, which bounds nothing any more. */
export function comparable(argv: readonly string[]): string {
  const words = [...argv];
  const time = words.indexOf('TIME');
  if (words[0] === 'XCLAIM' && time > 0) words[time + 1] = 'then';
  const limit = words.findIndex((word) => word.toLowerCase() === 'limit');
  if (limit > 0 && ['xadd', 'xtrim'].includes(words[0]!.toLowerCase()) && words[limit - 2] === '=') {
    words.splice(limit, 2);
  }
  return words.join(' ');
}
