/** Every folder of fixtures/editors/workflow: the bytes expected, and a second run that changes nothing. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { addWorkflowService } from '../../src/cli/editors/workflow/index.ts';
import type { WorkflowWish } from '../../src/cli/editors/workflow/index.ts';

const folder = fileURLToPath(new URL('../../fixtures/editors/workflow/', import.meta.url));
const cases = readdirSync(folder).toSorted();

describe('workflow cases', () => {
  it('are a dozen at least', () => {
    expect(cases.length).toBeGreaterThanOrEqual(12);
  });

  it.each(cases)('%s', (name) => {
    const before = read(name, 'before.yaml')!;
    const wish: WorkflowWish = { image: 'redis:7-alpine', ...JSON.parse(read(name, 'wish.json') ?? '{}') };
    const expected = JSON.parse(read(name, 'expected.json') ?? '{"status":"changed"}') as Record<string, unknown>;
    const outcome = addWorkflowService(before, wish);
    expect(outcome).toMatchObject(expected);
    if (outcome.status !== 'changed') return;
    expect(outcome.text).toBe(read(name, 'expected.yaml'));
    expect(outcome.splices.every((splice) => splice.start === splice.end)).toBe(true);
    expect(addWorkflowService(outcome.text, wish).status).toBe('unchanged');
  });
});

function read(name: string, file: string): string | undefined {
  const path = join(folder, name, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
