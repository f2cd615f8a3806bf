/** What every settings dialect answers: where the host keeps its settings, and how to add one there. */
import type { Outcome } from '../editors/outcome.ts';
import type { Host } from '../hosts/host.ts';
import type { ReadTree } from '../plan/tree.ts';

/** One environment variable that a component needs. */
export interface EnvVariable {
  /** `REDIS_URL` */
  readonly name: string;
  readonly kind: 'url' | 'string' | 'number' | 'boolean';
  /** Value on a developer's machine, so that a running app does not start failing. */
  readonly default: string;
  /** Value for env examples where it differs from the default: a placeholder for a password. */
  readonly example?: string;
  /** Value for the developer's own env file where it differs: with the password. Goes nowhere else. */
  readonly local?: string;
  /** One sentence for comments, `doc` fields and `describe()`. */
  readonly description: string;
  /** True where the value may carry a password: it is then never printed. */
  readonly sensitive: boolean;
}

/** How the rendered module reads the value. The expression must name exactly what the edit wrote. */
export type SettingsAccess =
  | {
      readonly kind: 'import';
      /** File that exports the settings, relative to the tree's root. */
      readonly path: string;
      /** `named`: `import { env } from`; `default`: `import env from`; `namespace`: `import * as env from`; `module`: `const env = require()`. */
      readonly binding: 'named' | 'default' | 'namespace' | 'module';
      /** The exported name for `named`, else the local name to use. */
      readonly name: string;
      /** Whole expression over that binding: `env.REDIS_URL`, `config.redis.url`, `getConfig().redisUrl`, a template literal. */
      readonly expression: string;
      /** True when the expression's type may be `undefined`. */
      readonly optional: boolean;
      /** How the app itself imports the file where that is not by its path: `@acme/env`, a package of the workspace. */
      readonly specifier?: string;
    }
  | {
      /** NestJS: `configService.get(key)`. */
      readonly kind: 'nest-config';
      /** `REDIS_URL` or `redis.url`. */
      readonly key: string;
    }
  | { readonly kind: 'process-env' };

export interface SettingsEdit {
  /** Relative to the tree's root. */
  readonly path: string;
  readonly outcome: Outcome;
  /** Set when the file does not exist yet: the whole text is in `outcome.text`. */
  readonly created?: true;
}

export type SettingsResult =
  | {
      readonly status: 'planned';
      /** `zod`, `t3-env`, `envalid`, … */
      readonly dialect: string;
      readonly edits: readonly SettingsEdit[];
      readonly access: SettingsAccess;
      /** What the dialect reads in place of the variable that was asked for: the parts of an address. */
      readonly variables?: readonly EnvVariable[];
    }
  | {
      /** The host reads bare `process.env`: env files suffice. */
      readonly status: 'none';
      readonly access: { readonly kind: 'process-env' };
      /** Such as an `env.d.ts` member. */
      readonly edits: readonly SettingsEdit[];
    }
  | {
      /** Several places could be meant, or one that cannot be edited safely. */
      readonly status: 'ambiguous';
      readonly candidates: readonly {
        readonly path: string;
        readonly line: number;
        readonly dialect: string;
        readonly reason: string;
      }[];
      /** Paste-ready text for the likeliest candidate. */
      readonly snippet: string;
    };

export interface SettingsRequest {
  readonly tree: ReadTree;
  readonly host: Host;
  readonly variable: EnvVariable;
  /** `--settings <path>`: look only here. */
  readonly path?: string;
}
