// ACL LOG: what was refused lately, newest first; the same refusal again within a minute is counted, not listed twice.

export interface LogEntry {
  count: number;
  readonly reason: 'command' | 'key' | 'channel' | 'auth';
  readonly context: 'toplevel' | 'multi' | 'lua';
  /** The command, key or channel. */
  readonly object: string;
  readonly username: string;
  /** When it happened last, in milliseconds. */
  at: number;
  /** The client as CLIENT INFO describes it. */
  client: string;
}

const GROUPING_MS = 60_000;
/** How many entries are looked at for one like the new one. */
const LOOK_BACK = 10;

export class AccessLog {
  entries: LogEntry[] = [];

  add(entry: Omit<LogEntry, 'count'>, maxLength: number): void {
    const at = this.entries.slice(0, LOOK_BACK).findIndex((known) => isLike(known, entry));
    if (at < 0) {
      this.entries.unshift({ count: 1, ...entry });
      if (this.entries.length > maxLength) this.entries.length = maxLength;
      return;
    }
    const [known] = this.entries.splice(at, 1);
    known!.count++;
    known!.at = entry.at;
    known!.client = entry.client;
    this.entries.unshift(known!);
  }
}

function isLike(known: LogEntry, entry: Omit<LogEntry, 'count'>): boolean {
  return (
    known.reason === entry.reason &&
    known.context === entry.context &&
    Math.abs(known.at - entry.at) <= GROUPING_MS &&
    known.object === entry.object &&
    known.username === entry.username
  );
}
