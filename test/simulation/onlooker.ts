/** Looks at what the server has, without being seen: invariants ask after every event, so it remembers the answers. */
import type { Client } from '../../src/server/client.ts';
import type { Server } from '../../src/server/server.ts';
import { ReplyReader } from '../support/reply-text.ts';
import type { ReplyText } from '../support/reply-text.ts';

export class Onlooker {
  private readonly server: Server;
  private readonly client: Client;
  private readonly answers = new Map<string, ReplyText>();

  constructor(server: Server) {
    this.server = server;
    this.client = server.addClient(undefined);
    this.client.setProtocol(2);
    const forget = (): void => this.answers.clear();
    server.keyspace.effects.add({ touched: forget, flushed: forget, swapped: forget });
  }

  /**
   * A command that only reads, and whose answer changes with the keys alone, not with time. The same array again where
   * nothing has changed.
   */
  ask(...argv: readonly (string | number)[]): ReplyText {
    const question = argv.join(' ');
    let answer = this.answers.get(question);
    if (answer === undefined) {
      answer = new ReplyReader(this.server.execute(this.client, argv.map(String))).read(false);
      if (answer instanceof Error) throw answer;
      this.answers.set(question, answer);
    }
    return answer;
  }
}
