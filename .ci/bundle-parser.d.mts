import type { RolldownOutput } from 'rolldown';

export declare function compilerFile(): string;
export declare function bundleParser(file: string, external: (id: string) => boolean): Promise<RolldownOutput>;
