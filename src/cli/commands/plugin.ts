/** For other yargs CLIs: `yargs().command(infra)` mounts `infra add|list|remove|upgrade|status`. */
import type { CommandModule } from 'yargs';
import { processIo } from '../io.ts';
import { createInfraCommand } from './infra.ts';

export { createInfraCommand } from './infra.ts';
export type { Io } from '../io.ts';

/** The command, bound to this process. Errors are thrown as `PaxxError`; exit codes are set on the process. */
export const infra: CommandModule = createInfraCommand(processIo());
