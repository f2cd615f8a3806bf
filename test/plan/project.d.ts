export type Files = Readonly<Record<string, string | Buffer | {
    readonly text: string;
    readonly mode: number;
}>>;
/** @returns absolute path of a new folder that holds these files; gone after the test */
export declare function project(files?: Files): string;
export declare function put(root: string, path: string, content: Files[string]): void;
/** Everything below a folder: files with mode and bytes, links with target, folders with mode. */
export declare function snapshot(root: string): Record<string, string>;
