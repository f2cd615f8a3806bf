/** Payload: since version 3 a Next.js app with a configuration of its own, before that on Express. */
import type { Project } from '../project.ts';
import { majorOf } from '../versions.ts';
import type { FrameworkRule } from './framework.ts';
import { srcIfHolds } from './framework.ts';
import { exportWarnings } from './next.ts';

export const payload: FrameworkRule = {
  framework: 'payload',
  rank: 'meta',
  packages: ['payload', '@payloadcms/next'],
  configs: /^payload\.config\.[jt]s$/,
  starters: /\bpayload (?:build|dev)\b/,
  bundled: true,
  sourceRoot: (project: Project) =>
    (majorOf(project.runtimeRange('payload')) ?? 3) < 3 ? undefined : srcIfHolds(project, ['app', 'collections']),
  moduleFolders: ['lib', 'libs', 'server', 'utilities', 'utils', 'core', 'shared', 'common', 'helpers', 'services'],
  newFolder: 'lib',
  warnings: exportWarnings,
};
