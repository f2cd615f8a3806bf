// A server's users, who is logged in as whom, and what follows when a user's rights change.

import { GATE_ACL, GATE_UNAUTHENTICATED } from '../client.ts';
import type { Client } from '../client.ts';
import { describeClient } from '../commands/client-info.ts';
import type { Call } from '../dispatch/call.ts';
import { tableOf } from '../dispatch/tables.ts';
import { CommandError, printed } from '../errors.ts';
import type { Server } from '../server.ts';
import { catalogOf } from './catalog.ts';
import type { Catalog } from './catalog.ts';
import { allowsAtOnce, allowsChannel, checkCommand, readsAnyKey } from './check.ts';
import type { Denial } from './check.ts';
import { describeUser } from './describe.ts';
import { AccessLog } from './log.ts';
import type { LogEntry } from './log.ts';
import { hashPassword, isOneOf } from './passwords.ts';
import { applyRule, hasSpaces, InvalidRule, mergeSelectors } from './rules.ts';
import type { RuleContext } from './rules.ts';
import { User } from './user.ts';

/** Why a command of a transaction no longer runs. */
const LATE_REASON: Readonly<Record<Denial['reason'], string>> = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments',
};
const SCRIPT_REASON: Readonly<Record<Denial['reason'], string>> = {
  command: "can't run this command or subcommand",
  key: "can't access at least one of the keys mentioned in the command arguments",
  channel: "can't publish to the channel mentioned in the command",
};

export class Access {
  readonly server: Server;
  users: Map<string, User>;
  /** Whom every connection is until it logs in. */
  readonly defaultUser: User;
  readonly log = new AccessLog();
  /** Where a relative `aclfile` lies. */
  folder = '.';
  /** The `requirepass` that is in force: the default user may have been given other passwords since. */
  requirepass = '';

  constructor(server: Server) {
    this.server = server;
    this.defaultUser = freshDefaultUser();
    this.users = new Map([['default', this.defaultUser]]);
    this.applyRequirepass();
  }

  get catalog(): Catalog {
    return catalogOf(tableOf(this.server.settings.version));
  }

  get context(): RuleContext {
    return { catalog: this.catalog, allChannels: this.server.settings.aclPubsubDefault === 'allchannels' };
  }

  /** Must one log in before doing anything? */
  get loginRequired(): boolean {
    return !this.defaultUser.nopass || !this.defaultUser.enabled;
  }

  /** In the order of their names' bytes. */
  sorted(): User[] {
    return [...this.users.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  describe(user: User): string {
    return describeUser(user, this.catalog);
  }

  // Logging in.

  /** A client as it comes in, and after RESET. */
  enter(client: Client): void {
    client.authenticated = !this.loginRequired;
    client.user = 'default';
    this.updateGates(client);
  }

  /** Log a client in; false leaves a line in the log. */
  authenticate(call: Call, name: string, password: string): boolean {
    const { client } = call;
    const user = this.users.get(name);
    if (user === undefined || !user.enabled || !(user.nopass || isOneOf(password, user.passwords))) {
      this.note(call, { reason: 'auth', object: call.arg(0), username: name, context: contextOf(client) }, client);
      return false;
    }
    client.authenticated = true;
    client.user = name;
    this.updateGates(client);
    return true;
  }

  // Checks, asked only for clients with GATE_ACL.

  /** Why a client may not run its command. */
  refuse(call: Call): CommandError | undefined {
    const denial = this.check(call);
    if (denial === undefined) return undefined;
    this.noteDenial(call, denial, contextOf(call.client), call.client);
    if (denial.reason === 'command') {
      return new CommandError(`NOPERM this user has no permissions to run the '${call.command.name}' command`);
    }
    return new CommandError(
      `NOPERM this user has no permissions to access one of the ${denial.reason}s used as arguments`,
    );
  }

  /** Why a queued command may not run any more. */
  refuseQueued(call: Call): string | undefined {
    const denial = this.check(call);
    if (denial === undefined) return undefined;
    this.noteDenial(call, denial, 'multi', call.client);
    return `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${LATE_REASON[denial.reason]}`;
  }

  /** Why a script may not run a command. `caller` is the client that runs the script. */
  refuseScript(call: Call, caller: Client): string | undefined {
    const denial = this.check(call);
    if (denial === undefined) return undefined;
    this.noteDenial(call, denial, 'lua', caller);
    return `ERR The user executing the script ${SCRIPT_REASON[denial.reason]}`;
  }

  check(call: Call): Denial | undefined {
    const user = this.users.get(call.client.user)!;
    return allowsAtOnce(user, call) ? undefined : checkCommand(user, call.command.row, call.args(0));
  }

  /** May the client's command read keys that it does not name? */
  readsAnyKey(call: Call): boolean {
    if ((call.client.gate & GATE_ACL) === 0) return true;
    return readsAnyKey(this.users.get(call.client.user)!, call.command.row, call.args(0));
  }

  noteDenial(call: Call, { reason, index }: Denial, context: LogEntry['context'], client: Client): void {
    const object = reason === 'command' ? call.command.name : call.arg(index);
    this.note(call, { reason, object, username: call.client.user, context }, client);
  }

  note(call: Call, what: Pick<LogEntry, 'reason' | 'object' | 'username' | 'context'>, client: Client): void {
    const { server } = this;
    this.log.add(
      { ...what, at: server.clock.now(), client: describeClient(client, call) },
      server.settings.acllogMaxLength,
    );
  }

  // Changes.

  /** ACL SETUSER: all rules or none; throws CommandError. */
  setUser(name: string, rules: readonly string[]): void {
    const merged = mergeSelectors(rules);
    if (merged.unmatched !== undefined) {
      throw new CommandError(`ERR Unmatched parenthesis in acl selector starting at '${printed(merged.unmatched)}'.`);
    }
    const { context } = this;
    const known = this.users.get(name);
    const draft = new User(name, context.allChannels);
    if (known !== undefined) draft.become(known);
    for (const rule of merged.rules) {
      try {
        applyRule(draft, rule, context);
      } catch (error) {
        if (!(error instanceof InvalidRule)) throw error;
        throw new CommandError(`ERR Error in ACL SETUSER modifier '${printed(rule)}': ${error.reason}`);
      }
    }
    if (known === undefined) {
      this.users.set(name, draft);
      return;
    }
    this.disconnectListeners(known, draft);
    known.become(draft);
    this.rightsChanged();
  }

  /** Add a user, or start the default user over. */
  addUser(user: User): void {
    if (user.name === 'default') this.defaultUser.become(user);
    else this.users.set(user.name, user);
    this.rightsChanged();
  }

  /** ACL DELUSER; its clients lose their connections. */
  deleteUser(name: string): boolean {
    if (!this.users.delete(name)) return false;
    this.disconnectUser(name);
    return true;
  }

  /** Other users in place of all there are. Without a line for it the default user may do everything. */
  replaceUsers(users: Map<string, User>): void {
    const gone = [...this.users.keys()].filter((name) => name !== 'default');
    this.defaultUser.become(users.get('default') ?? freshDefaultUser());
    this.users = new Map([...users, ['default', this.defaultUser]]);
    for (const name of gone) this.disconnectUser(name);
    this.rightsChanged();
  }

  /** `requirepass` has been set: it is the default user's only password, and none means any. */
  applyRequirepass(): void {
    const { requirepass } = this.server.settings;
    if (requirepass === this.requirepass) return;
    this.requirepass = requirepass;
    const { defaultUser } = this;
    defaultUser.nopass = requirepass === '';
    defaultUser.passwords = requirepass === '' ? [] : [hashPassword(requirepass)];
    defaultUser.description = undefined;
    this.rightsChanged();
  }

  /** Look at every client again. */
  rightsChanged(): void {
    for (const client of this.everyone()) this.updateGates(client);
  }

  everyone(): Client[] {
    return [...this.server.clients.values(), ...this.server.locals];
  }

  updateGates(client: Client): void {
    // Clients without a connection are the server's own and may do everything, unless they log in as somebody else.
    const free = client.transport === undefined && client.user === 'default';
    client.setGate(GATE_ACL, !free && this.users.get(client.user)?.unlimited !== true);
    client.setGate(GATE_UNAUTHENTICATED, !free && !client.authenticated && this.loginRequired);
  }

  disconnectUser(name: string): void {
    for (const client of this.everyone()) {
      if (client.user !== name) continue;
      client.user = 'default';
      client.authenticated = false;
      this.updateGates(client);
      this.server.disconnect(client);
    }
  }

  /** Clients that listen to channels which their user may no longer hear. */
  disconnectListeners(before: User, after: User): void {
    if (after.selectors.some(({ allChannels }) => allChannels)) return;
    const channels = after.selectors.flatMap((selector) => selector.channels);
    const keepsAll = before.selectors.every(
      (selector) => !selector.allChannels && selector.channels.every((channel) => channels.includes(channel)),
    );
    if (keepsAll) return;
    for (const client of this.everyone()) {
      if (client.user !== before.name) continue;
      const mayStay =
        [...client.patterns].every((pattern) => allowsChannel(channels, pattern, true)) &&
        [...client.channels, ...client.shardChannels].every((channel) => allowsChannel(channels, channel, false));
      if (!mayStay) this.server.disconnect(client);
    }
  }
}

export function checkUsername(name: string): void {
  if (hasSpaces(name)) throw new CommandError("ERR Usernames can't contain spaces or null characters");
}

function freshDefaultUser(): User {
  const user = new User('default', true);
  user.enabled = true;
  user.nopass = true;
  user.root.allKeys = true;
  user.root.allowAll(true);
  return user;
}

function contextOf(client: Client): LogEntry['context'] {
  return client.transaction === undefined ? 'toplevel' : 'multi';
}
