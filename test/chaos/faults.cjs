/**
 * Preloaded into the CLI: counts what it does to the files of one project, and makes one of these operations fail
 * or sends the process a signal there.
 *
 * PAXX_FAULT is JSON: `root`; `at`, the number of the operation, none to count alone; `code` of the error
 * (`ENOSPC`, …) or `signal`; `lasting`, true when every later operation fails like that one.
 */
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const { sep } = require('node:path');

const { root, at, code, signal, lasting } = JSON.parse(process.env.PAXX_FAULT);
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);
/** What needs no room on a full disk. */
const FREE = new Set(['unlinkSync', 'rmdirSync', 'rmSync', 'renameSync', 'chmodSync', 'fchmodSync', 'ftruncateSync']);
const descriptors = new Set();
let count = 0;

const original = { ...fs };
wrap('openSync', (path, flags) => concerns(path) && typeof flags === 'string' && /[wa+x]/.test(flags));
for (const name of ['writeFileSync', 'appendFileSync', 'mkdirSync', 'unlinkSync', 'rmdirSync', 'rmSync', 'chmodSync']) {
  wrap(name, concerns);
}
for (const name of ['renameSync', 'linkSync', 'symlinkSync', 'copyFileSync']) {
  wrap(name, (from, to) => concerns(from) || concerns(to));
}
for (const name of ['writeSync', 'fsyncSync', 'fchmodSync', 'fchownSync', 'ftruncateSync']) {
  wrap(name, (descriptor) => descriptors.has(descriptor));
}
fs.closeSync = (descriptor) => {
  descriptors.delete(descriptor);
  return original.closeSync(descriptor);
};
syncBuiltinESMExports();
process.on('exit', () => {
  if (process.env.PAXX_FAULT_COUNT) original.writeFileSync(process.env.PAXX_FAULT_COUNT, String(count));
});

function wrap(name, isOurs) {
  fs[name] = (...args) => {
    if (isOurs(...args)) meddle(name, args[0]);
    const result = original[name](...args);
    if (name === 'openSync' && isOurs(...args)) descriptors.add(result);
    return result;
  };
}

function meddle(name, subject) {
  if (count === 0) process.send?.('begun');
  const number = count++;
  if (at === undefined || (lasting ? number < at : number !== at)) return;
  if (signal) {
    process.kill(process.pid, signal);
    // A SIGKILL takes effect before the next system call returns; handlers of the others run on a later turn.
    return;
  }
  if (NO_ROOM.has(code) && FREE.has(name)) return;
  throw Object.assign(new Error(`${code}: injected, ${name} '${subject}'`), { code, syscall: name, errno: -1 });
}

function concerns(path) {
  return typeof path === 'string' && (path === root || path.startsWith(root + sep));
}
