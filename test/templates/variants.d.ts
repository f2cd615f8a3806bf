import type { ClientName } from '../../src/cli/render/index.ts';
export interface Variant {
    readonly name: string;
    readonly client: ClientName;
    readonly version: string;
    /** Version of the TypeScript that compiles it; none for JavaScript. */
    readonly typescript?: string;
    readonly module: 'esm' | 'commonjs';
}
export declare const VARIANTS: readonly Variant[];
export interface Prepared {
    /** To be removed afterwards. */
    readonly root: string;
    /** The module and a second copy of it. */
    readonly folders: readonly [string, string];
    readonly ending: string;
}
/** @returns undefined where the client cannot be installed */
export declare function prepare(variant: Variant): Prepared | undefined;
