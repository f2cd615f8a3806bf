/** Import statements in the module system of the host, as source text in the templates' style. */
import type { Host } from '../hosts/host.ts';

/** @param binding `{ a, b }`, or a name for a CommonJS module's whole export */
export function importOf(host: Host, binding: string, specifier: string): string {
  if (usesRequire(host)) return `const ${binding} = require('${specifier}');`;
  return `import ${binding} from '${specifier}';`;
}

/** @param binding `{ A, B }`; nothing in JavaScript, which has no types to import */
export function importTypeOf(host: Host, binding: string, specifier: string): string {
  if (host.language === 'javascript') return '';
  return `import ${isAtLeast(host, 3, 8) ? 'type ' : ''}${binding} from '${specifier}';`;
}

/** @param name a module of Node, without scheme */
export function builtin(host: Host, name: string): string {
  return knowsNodeScheme(host) ? `node:${name}` : name;
}

export function usesRequire(host: Host): boolean {
  return host.language === 'javascript' && host.syntax === 'commonjs';
}

/** Whether the host's compiler is that new; true for JavaScript. */
export function isAtLeast(host: Host, major: number, minor: number): boolean {
  const version = host.typescript?.version;
  return version === undefined || version.major > major || (version.major === major && version.minor >= minor);
}

/** `node:` came with Node 14.18 and 16; projects on an older compiler often bundle with something as old. */
function knowsNodeScheme(host: Host): boolean {
  return isAtLeast(host, 4, 5) && (host.node === undefined || host.node.major >= 16);
}
