export interface Answer {
    readonly result: unknown;
    /** Milliseconds that it took inside the process. */
    readonly ms: number;
}
export interface App {
    /** A function of the module: `app.call('cache.get', 'key')`. Rejects as it does. */
    call(path: string, ...args: unknown[]): Promise<unknown>;
    timed(path: string, ...args: unknown[]): Promise<Answer>;
    compute(input: ComputeInput): Promise<ComputeResult[]>;
    ask(operation: string, input?: unknown): Promise<unknown>;
    /** Unhandled rejections and exceptions so far. */
    readonly crashes: readonly string[];
    /** Messages of the module, once `silence` has been asked. */
    readonly logs: readonly string[];
    /** Everything that the process printed. */
    readonly output: () => string;
    /** Cut the test's own tie; resolves with the exit code when the process ends by itself. */
    leave(): Promise<number | null>;
    kill(): void;
}
export interface ComputeInput {
    readonly key: string;
    readonly callers?: number;
    readonly options?: {
        ttl?: number;
        lease?: number;
    };
    readonly value?: unknown;
    readonly gate?: string;
    readonly fail?: string;
    /** Through the second copy of the module. */
    readonly copy?: boolean;
}
export interface ComputeResult {
    readonly value?: unknown;
    readonly error?: string;
}
/** @param folders of the module and of a second copy of it */
export declare function startApp(folders: readonly [string, string], ending: string, env: NodeJS.ProcessEnv): Promise<App>;
