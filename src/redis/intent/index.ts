/** The intent layer: say what is wanted, and the fitting primitives are put to it. */

export { createIntent } from './intent.ts';
export type { Intent, IntentOptions, LeaseLockOptions } from './intent.ts';
export { createPlaybook, PlaybookFailed } from './playbook.ts';
export type { Playbook, PlaybookOptions, PlaybookRunOptions, PlaybookState, PlaybookStatus } from './playbook.ts';
export type { CompensateContext, Step, StepContext } from './steps.ts';
