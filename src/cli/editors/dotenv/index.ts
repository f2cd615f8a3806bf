/** The env file editor and reader. */
export { addVariables } from './add-variables.ts';
export type { WantedVariable } from './add-variables.ts';
export { ENV_EXAMPLE_NAMES, isEnvExampleName } from './names.ts';
export { readVariables } from './scan.ts';
export type { EnvEntry } from './scan.ts';
