export declare function packPackage(root: string, folder: string, target: string): void;
