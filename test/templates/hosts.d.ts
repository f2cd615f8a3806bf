/** Hosts made up for rendering: the facts that templates depend on, everything else plain. */
import type { Host, TypeScriptFacts } from '../../src/cli/hosts/host.ts';
export type HostFacts = Partial<Omit<Host, 'typescript' | 'style'>> & {
    readonly typescript?: Partial<TypeScriptFacts>;
    readonly style?: Partial<Host['style']>;
};
/** A TypeScript ESM host unless told otherwise. */
export declare function fakeHost({ typescript, style, ...facts }?: HostFacts): Host;
