/** Names of the cache's keys. Braces are literal: a value and its fill lease share a cluster's slot. */

export class Keys {
  readonly prefix: string;
  /** Empty, or ending in a colon. */
  readonly space: string;
  /** Names of this namespace and of those around it, outermost (the empty one) first. */
  readonly levels: readonly string[];

  constructor(prefix: string, namespace = '', outer: readonly string[] = []) {
    this.prefix = prefix;
    this.space = namespace === '' ? '' : `${namespace}:`;
    this.levels = [...outer, namespace];
  }

  within(name: string): Keys {
    return new Keys(this.prefix, this.space + name, this.levels);
  }

  value(key: string): string {
    return `${this.prefix}:{${this.space}${key}}`;
  }

  /** The key of a value's path, or undefined for what is not a value of this namespace. */
  keyOf(path: string): string | undefined {
    const head = `${this.prefix}:{${this.space}`;
    return path.startsWith(head) && path.endsWith('}') ? path.slice(head.length, -1) : undefined;
  }

  tag(name: string): string {
    return `${this.prefix}:tag:{${name}}`;
  }

  level(namespace: string): string {
    return `${this.prefix}:namespace:{${namespace}}`;
  }
}

export function leaseOf(path: string): string {
  return `${path}:fill`;
}
