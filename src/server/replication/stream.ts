// The stream of commands that a master sends: cut into commands, wherever its packets end.

import { Buffer } from 'node:buffer';
import { SCAN_COMMAND, SCAN_ERROR, Scanner } from '../net/scanner.ts';

const FIRST_ROOM = 64 * 1024;

export class CommandStream {
  readonly scanner = new Scanner(Number.MAX_SAFE_INTEGER);
  buffer = Buffer.allocUnsafeSlow(FIRST_ROOM);
  /** Bytes that belong to no whole command yet. */
  used = 0;

  /** `run` sees each command's arguments in `scanner`, and how long it was on the wire. Throws on what is no command. */
  write(bytes: Buffer, run: (scanner: Scanner, length: number) => void): void {
    this.makeRoom(bytes.length);
    bytes.copy(this.buffer, this.used);
    const limit = this.used + bytes.length;
    const { scanner } = this;
    scanner.bytes = this.buffer;
    scanner.limit = limit;
    let done = 0;
    for (;;) {
      const found = scanner.next();
      if (found === SCAN_ERROR) throw new Error(scanner.error);
      if (found !== SCAN_COMMAND) break;
      const { at } = scanner;
      run(scanner, at - done);
      done = at;
    }
    this.buffer.copyWithin(0, done, limit);
    // A command of many arguments is not scanned again from its beginning.
    scanner.resume(scanner);
    this.used = limit - done;
  }

  makeRoom(length: number): void {
    if (this.used + length <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow((this.used + length) * 2);
    this.buffer.copy(grown, 0, 0, this.used);
    this.buffer = grown;
  }
}
