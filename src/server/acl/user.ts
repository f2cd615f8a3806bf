// A user: may it log in, with which passwords, and what may it do then.

import type { CommandRow } from '../../redis/commands/index.ts';
import { Selector } from './selector.ts';

/** How a call of a command may be allowed without looking closer: whatever it says, or by the one key at its head. */
export type Shortcut = 'always' | 'by key' | 'none';

export class User {
  readonly name: string;
  enabled = false;
  /** Any password will do. */
  nopass = false;
  /** Are payloads of RESTORE checked in depth? Undefined until a rule says so. */
  sanitize: boolean | undefined = undefined;
  /** SHA-256 in hexadecimal digits. */
  passwords: string[] = [];
  /** The user's own rights come first. Any one of them suffices for a command. */
  selectors: Selector[];
  /** Its rules as ACL LIST shows them, once somebody has asked. */
  description: string | undefined = undefined;

  readonly shortcuts = new Map<CommandRow, Shortcut>();

  constructor(name: string, allChannels: boolean) {
    this.name = name;
    this.selectors = [new Selector(allChannels)];
  }

  get root(): Selector {
    return this.selectors[0]!;
  }

  get unlimited(): boolean {
    return this.selectors.some((selector) => selector.unlimited);
  }

  /** In Redis' order. */
  get flags(): string[] {
    const flags = [this.enabled ? 'on' : 'off'];
    if (this.nopass) flags.push('nopass');
    if (this.sanitize !== undefined) flags.push(this.sanitize ? 'sanitize-payload' : 'skip-sanitize-payload');
    return flags;
  }

  /** Take over everything but the name. */
  become(other: User): void {
    this.enabled = other.enabled;
    this.nopass = other.nopass;
    this.sanitize = other.sanitize;
    this.passwords = [...other.passwords];
    this.selectors = other.selectors.map((selector) => selector.copy());
    this.description = undefined;
    this.shortcuts.clear();
  }
}
