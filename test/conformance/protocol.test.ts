/** The request side of the protocol, byte for byte: what arrives is sent to redis-server and to ours, all answers compared. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../../src/server/index.ts';
import type { StartedServer } from '../../src/server/index.ts';
import { hasRedisServer, startRedisServer } from '../support/redis-server.ts';
import type { RedisServer } from '../support/redis-server.ts';

const PING = '*1\r\n$4\r\nPING\r\n';

/** Each is sent as one piece on a connection of its own, whose sending side then closes. */
const inputs: Readonly<Record<string, string>> = {
  'two commands': PING + PING,
  'an empty multibulk': `*0\r\n${PING}`,
  'a negative multibulk': `*-5\r\n${PING}`,
  'a null multibulk': `*-1\r\n${PING}`,
  'empty lines': `\r\n\r\n${PING}`,
  'a bare LF': `\n${PING}`,
  'a half command': `${PING}*2\r\n$4\r\nECHO\r\n$5\r\nhel`,
  'too many arguments announced': `*2147483648\r\n${PING}`,
  'as many as can be announced': `*2147483647\r\n$4\r\nPING\r\n`,
  'a million and one arguments announced': `*1048577\r\n$4\r\nPING\r\n`,
  'no number of arguments': `*\r\n${PING}`,
  'letters as number of arguments': `*abc\r\n${PING}`,
  'a number with a plus': `*+1\r\n$4\r\nPING\r\n`,
  'a number with a leading zero': `*01\r\n$4\r\nPING\r\n`,
  'a number with a blank': `* 1\r\n$4\r\nPING\r\n`,
  'a huge number of arguments': `*99999999999999999999\r\n${PING}`,
  'a negative zero': `*-0\r\n${PING}`,
  'a null argument': `*1\r\n$-1\r\n${PING}`,
  'an integer argument': `*1\r\n:3\r\n${PING}`,
  'a nested array': `*1\r\n*1\r\n${PING}`,
  'letters as length': `*1\r\n$abc\r\n${PING}`,
  'no length': `*1\r\n$\r\n${PING}`,
  'a length with a leading zero': `*1\r\n$04\r\nPING\r\n`,
  'a length beyond the limit': `*1\r\n$536870913\r\n${PING}`,
  'a huge length': `*1\r\n$99999999999999999999\r\n${PING}`,
  'the longest length': `*1\r\n$536870912\r\nabc`,
  'the end of a bulk is not looked at': `*1\r\n$4\r\nPINGxx${PING}`,
  'bulk too long': `*1\r\n$4\r\nPINGER\r\n${PING}`,
  'bulk too short': `*1\r\n$5\r\nPING\r\n${PING}`,
  'an empty name': `*1\r\n$0\r\n\r\n${PING}`,
  'an empty argument': `*2\r\n$4\r\nECHO\r\n$0\r\n\r\n${PING}`,
  'binary arguments': `*2\r\n$4\r\nECHO\r\n$6\r\n\r\n\0\xff\r\n\r\n${PING}`,
  'a name with line breaks': `*1\r\n$6\r\na\r\nb\r\n\r\n${PING}`,
  'an unknown command with binary': `*2\r\n$3\r\nfoo\r\n$3\r\n\xff\0\n\r\n${PING}`,
  'an unknown command with long arguments': `*3\r\n$3\r\nfoo\r\n$150\r\n${'x'.repeat(150)}\r\n$3\r\nbar\r\n${PING}`,
  'a long unknown command': `*1\r\n$150\r\n${'x'.repeat(150)}\r\n${PING}`,
  'LF in place of CRLF in a header': `*1\n$4\nPING\n${PING}`,
  inline: 'PING\r\nping\r\nPiNg hello\r\nECHO "a b"\r\n',
  'inline with LF': 'PING\nECHO x\n',
  'inline with blanks': '   PING   \r\n\tECHO\tx\t\r\n',
  'inline quotes': 'ECHO "\\x41\\n\\"b\\""\r\nECHO \'a\\\'b\'\r\nECHO ""\r\nECHO \'\'\r\nECHO a"b"\r\n',
  'inline quotes left open': `ECHO "abc\r\n${PING}`,
  'inline single quote left open': `ECHO 'abc\r\n${PING}`,
  'inline quote followed by a letter': `ECHO "a"b\r\n${PING}`,
  'inline and multibulk': `PING\r\n${PING}PING\r\n`,
  'inline unknown': 'foo bar\r\nfoo "a b"\r\n',
  'inline with a zero byte': 'ECHO a\0b\r\nPING\r\n',
  'an inline of nothing but blanks': `    \r\n${PING}`,
  'a long inline': `ECHO ${'x'.repeat(60_000)}\r\n${PING}`,
  'too long an inline': `ECHO ${'x'.repeat(70_000)}`,
  'too long a multibulk header': `*${'1'.repeat(70_000)}`,
  'too long a bulk header': `*1\r\n$${'1'.repeat(70_000)}`,
  POST: `POST / HTTP/1.1\r\nHost: localhost\r\n\r\n${PING}`,
  'Host: alone': `${PING}Host: x\r\n${PING}`,
  'POST as multibulk': `*1\r\n$4\r\npost\r\n${PING}`,
  GET: `GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${PING}`,
  QUIT: `*1\r\n$4\r\nQUIT\r\n${PING}`,
  'QUIT with arguments': `*2\r\n$4\r\nQUIT\r\n$1\r\nx\r\n${PING}`,
  garbage: `\x00\x01\x02\xff\xfe\r\n${PING}`,
  'a status line': `+OK\r\n${PING}`,
  'many commands': PING.repeat(5000),
  'a long value': `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n${'v'.repeat(300_000)}\r\n*2\r\n$6\r\nSTRLEN\r\n$1\r\nk\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n`,
  'many arguments': `*20001\r\n$3\r\nDEL\r\n${'$1\r\nx\r\n'.repeat(20_000)}${PING}`,
};

describe.skipIf(!hasRedisServer())('conformance: requests', () => {
  let theirs: RedisServer;
  let ours: StartedServer;
  beforeAll(async () => {
    theirs = await startRedisServer();
    ours = await startServer();
  });
  afterAll(async () => {
    await theirs?.stop();
    await ours?.stop();
  });

  it.each(Object.entries(inputs))('%s', async (_, input) => {
    const [expected, actual] = await Promise.all([answers(theirs.port, input), answers(ours.port, input)]);
    expect(actual).toBe(expected);
  });

  it('before authentication', async () => {
    const guarded = await startRedisServer({ args: ['--requirepass', 'secret'] });
    await using mine = await startServer({ password: 'secret' });
    const early: readonly string[] = [
      PING,
      `*11\r\n${'$1\r\nx\r\n'.repeat(11)}`,
      `*10\r\n$4\r\nPING\r\n${'$1\r\nx\r\n'.repeat(9)}`,
      `*2\r\n$4\r\nAUTH\r\n$16385\r\n${'x'.repeat(16_385)}\r\n${PING}`,
      `*2\r\n$4\r\nAUTH\r\n$16384\r\n${'x'.repeat(16_384)}\r\n${PING}`,
      `AUTH secret\r\n*12\r\n$4\r\nMGET\r\n${'$1\r\nx\r\n'.repeat(11)}`,
      `AUTH wrong\r\nAUTH default secret\r\n${PING}`,
      'AUTH default wrong\r\nAUTH other secret\r\nAUTH a b c\r\nAUTH\r\n',
      'HELLO 3\r\nHELLO 3 AUTH default nope\r\nHELLO 3 AUTH default\r\nQUIT\r\n',
      'foo\r\nGET\r\nGET k\r\nMULTI\r\nEXEC\r\nRESET\r\n',
      `POST / HTTP/1.1\r\nHost: x\r\n\r\nAUTH secret\r\n`,
    ];
    try {
      for (const input of early) {
        const [expected, actual] = await Promise.all([answers(guarded.port, input), answers(mine.port, input)]);
        expect(actual, input.slice(0, 60)).toBe(expected);
      }
    } finally {
      await guarded.stop();
    }
  });
});

/** Everything that comes back until the connection is closed. */
function answers(port: number, input: string): Promise<string> {
  return new Promise((done) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => done(text));
    socket.end(input, 'latin1');
  });
}
