/**
 * The programmatic API: plan, look at the plan, apply it. The command line is a thin layer over this.
 *
 *     const plan = await planInfra({ component: 'redis', cwd: '.' });
 *     if (plan.conflicts.length === 0) await applyPlan(plan.root, plan);
 */
export { components, findComponent } from './components/index.ts';
export type { Component, ServiceImage } from './components/component.ts';
export { formatPlace, PaxxError } from './errors.ts';
export type { ErrorDetails, ErrorPlace } from './errors.ts';
export { EXIT } from './exit-codes.ts';
export type { ExitCode, ExitName } from './exit-codes.ts';
export type { Framework, Host } from './hosts/host.ts';
export { applyPlan } from './plan/apply.ts';
export type { Applied, ApplyOptions } from './plan/apply.ts';
export { exactDiffs, formatDiffs, shownDiffs } from './plan/diff.ts';
export type { FileDiff } from './plan/diff.ts';
export type { InfraOptions } from './plan/infra/context.ts';
export { planInfra } from './plan/infra/plan-infra.ts';
export type { InfraPlan, InfraRequest } from './plan/infra/plan-infra.ts';
export { planToJson } from './plan/plan.ts';
export type { Operation, Plan } from './plan/plan.ts';
export { recover } from './plan/recover.ts';
export type { Recovery } from './plan/recover.ts';
export { verifyModule } from './verify/verify-module.ts';
export type { VerifyReport, VerifyRequest } from './verify/verify-module.ts';
