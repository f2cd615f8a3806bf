// Encodes commands as RESP multibulk requests.

/** An argument: text is sent as UTF-8, bytes as they are. */
export type ArgumentValue = string | number | bigint | Uint8Array;

/** One command as bytes. */
export function encodeCommand(args: readonly ArgumentValue[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = arg instanceof Uint8Array ? arg : Buffer.from(String(arg), 'utf8');
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

/** One command as text, to be written as UTF-8; for commands that carry text only. */
export function encodeTextCommand(args: readonly (string | number | bigint)[]): string {
  let out = `*${args.length}\r\n`;
  for (const arg of args) {
    const text = String(arg);
    out += `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  }
  return out;
}

/** One command as a latin1 string (one character per byte), to be written as latin1. */
export function encodeByteCommand(args: readonly string[]): string {
  let out = `*${args.length}\r\n`;
  for (const arg of args) out += `$${arg.length}\r\n${arg}\r\n`;
  return out;
}

const CRLF = Buffer.from('\r\n');
