// The server's log in redis-server's format, to the terminal or a file.

import { appendFileSync } from 'node:fs';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `12345:M 21 Nov 2026 06:30:00.123 * Ready to accept connections` */
export function logLine(message: string, now = new Date()): string {
  const date = `${two(now.getDate())} ${MONTHS[now.getMonth()]} ${now.getFullYear()}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
  const milliseconds = String(now.getMilliseconds()).padStart(3, '0');
  return `${process.pid}:M ${date} ${time}.${milliseconds} * ${message}\n`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** @param file empty: standard output */
export function logger(file: string): (message: string) => void {
  if (file === '') {
    // Whoever read it has gone: the server goes on without.
    process.stdout.on('error', () => {});
    return (message) => void process.stdout.write(logLine(message));
  }
  return (message) => {
    try {
      appendFileSync(file, logLine(message));
    } catch {
      // A log that cannot be written must not stop the server.
    }
  };
}
