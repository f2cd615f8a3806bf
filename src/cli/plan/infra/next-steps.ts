/** What is left for the user to do, in their paths and their package manager's words. */
import type { Host } from '../../hosts/host.ts';
import { installCommand } from '../../hosts/package-manager.ts';
import { parentOf } from '../../hosts/paths.ts';
import { exampleOf } from '../../render/index.ts';
import { relativeImport } from '../../render/relative-import.ts';
import { restyle } from '../../render/restyle.ts';
import type { InfraPlan } from './plan-infra.ts';

export interface NextStepsOptions {
  /** The packages are installed already. */
  readonly installed: boolean;
}

export function nextSteps(plan: InfraPlan, { installed }: NextStepsOptions): string {
  const steps: string[] = [];
  if (!installed) steps.push(installCommand(plan.host.packageManager).join(' '));
  if (plan.compose) steps.push(composeUp(plan.compose));
  steps.push(`Use it:\n\n${indent(usage(plan))}\n`);
  const { coordination } = plan.module;
  if (coordination !== undefined)
    steps.push(`Coordinate (${coordination} says how):\n\n${indent(pieces(plan, coordination))}\n`);
  for (const { file, text } of plan.module.wiring)
    steps.push(`Wire it in${file ? ` (${file})` : ''}:\n\n${indent(text)}`);
  const numbered = steps.map((step, i) => `  ${i + 1}. ${step}\n`).join('');
  return `Next:\n${numbered}\nSee how it stands: paxx infra status      Take it out: paxx infra remove ${plan.component}\n`;
}

function pieces({ host, pieces: { all } }: InfraPlan, file: string): string {
  return restyle(exampleOf(host, all, relativeImport(userOf(host), file, host)), host.style);
}

function usage({ host, module }: InfraPlan): string {
  const target =
    module.files.find((file) => /(?:^|\/)cache(?:\.server)?\.\w+$/.test(file.path))?.path ?? module.files[0]!.path;
  const path = relativeImport(userOf(host), target, host);
  const requires = host.language === 'javascript' && host.syntax === 'commonjs';
  const line = requires ? `const { cache } = require('${path}');` : `import { cache } from '${path}';`;
  const text = `${line}\n\nconst item = await cache.getOrCompute(\`item:\${id}\`, { ttl: 60 }, () => loadItem(id));\n`;
  return restyle(text, host.style);
}

/** The file that uses them, as far as can be told. */
function userOf({ entry, sourceRoot, sourceEnding }: Host): string {
  return entry ?? `${sourceRoot === '' ? '' : `${sourceRoot}/`}index${sourceEnding}`;
}

function composeUp({ path, service }: { path: string; service: string }): string {
  const byDefault = /^(?:docker-)?compose\.ya?ml$/.test(path.slice(path.lastIndexOf('/') + 1));
  if (parentOf(path) === '' && byDefault) return `docker compose up -d ${service}`;
  return `docker compose -f ${path} up -d ${service}`;
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, '       ');
}
