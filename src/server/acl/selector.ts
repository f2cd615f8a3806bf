// A set of rights: commands, keys and channels that belong together. A user has one of its own and may have more.

export const READ = 1;
export const WRITE = 2;
export const READ_WRITE = READ | WRITE;

export interface KeyPattern {
  readonly pattern: string;
  /** READ, WRITE or both. */
  access: number;
}

export class Selector {
  allKeys = false;
  allChannels: boolean;
  /** May it run commands that no rule has named since the last `+@all` or `-@all`? */
  allCommands = false;
  /** Full names of commands for which `allCommands` does not hold. */
  readonly exceptions = new Set<string>();
  /** First arguments with which an otherwise forbidden command is allowed: `+select|0`. */
  readonly firstArgs = new Map<string, string[]>();
  keys: KeyPattern[] = [];
  channels: string[] = [];

  constructor(allChannels: boolean) {
    this.allChannels = allChannels;
  }

  /** May it do whatever it likes? */
  get unlimited(): boolean {
    return this.allKeys && this.allChannels && this.allCommands && this.exceptions.size === 0;
  }

  allows(name: string): boolean {
    return this.exceptions.has(name) ? !this.allCommands : this.allCommands;
  }

  allow(name: string, allowed: boolean): void {
    if (allowed === this.allCommands) this.exceptions.delete(name);
    else this.exceptions.add(name);
  }

  allowAll(allowed: boolean): void {
    this.allCommands = allowed;
    this.exceptions.clear();
    this.firstArgs.clear();
  }

  copy(): Selector {
    const copy = new Selector(this.allChannels);
    copy.allKeys = this.allKeys;
    copy.allCommands = this.allCommands;
    for (const name of this.exceptions) copy.exceptions.add(name);
    for (const [name, args] of this.firstArgs) copy.firstArgs.set(name, [...args]);
    copy.keys = this.keys.map(({ pattern, access }) => ({ pattern, access }));
    copy.channels = [...this.channels];
    return copy;
  }
}
