// Refuses commands whose keys lie in slots that this node does not serve, or in several slots.

import { FLAG_BITS, keysOf } from '../../redis/commands/index.ts';
import { configOf } from '../config/config.ts';
import type { Guard } from '../dispatch/admission.ts';
import type { Call } from '../dispatch/call.ts';
import { CommandError } from '../errors.ts';
import { declaredFlags } from '../scripting/command-flags.ts';
import { hasScripting, isFromScript, scriptingOf } from '../scripting/engine.ts';
import { SCRIPT_ALLOW_CROSS_SLOT, SCRIPT_COMPAT, SCRIPT_NO_CLUSTER } from '../scripting/shebang.ts';
import { leaveTransaction } from '../transactions/watches.ts';
import type { Cluster } from './cluster.ts';
import { slotOf } from './slots.ts';

const CROSS_SLOT = new CommandError("CROSSSLOT Keys in request don't hash to the same slot");
const UNBOUND = new CommandError('CLUSTERDOWN Hash slot not served');
const DOWN = new CommandError('CLUSTERDOWN The cluster is down');
const READ_ONLY = new CommandError('CLUSTERDOWN The cluster is down and only accepts read commands');
const SCRIPT_CROSS_SLOT = new CommandError('ERR Script attempted to access keys that do not hash to the same slot');
const SCRIPT_NOT_LOCAL = new CommandError('ERR Script attempted to access a non local key in a cluster node');
const NO_CLUSTER = new CommandError("ERR Can not run script on cluster, 'no-cluster' flag is set.");
const IN_SCRIPTS = new Map([
  [DOWN, new CommandError('ERR Script attempted to execute a command while the cluster is down')],
  [
    READ_ONLY,
    new CommandError('ERR Script attempted to execute a write command while the cluster is down and readonly'),
  ],
]);

export function guardSlots(cluster: Cluster): Guard {
  /** What the running script has touched first. */
  let script: { readonly run: unknown; slot: number } | undefined;
  return (call) => {
    const isExec = call.command.name === 'exec';
    if ((call.command.flags & FLAG_BITS.no_mandatory_keys) !== 0 && call.argc > 1) {
      if (((declaredFlags(call) ?? 0) & SCRIPT_NO_CLUSTER) !== 0) return NO_CLUSTER;
    }
    const slots = isExec ? queuedSlots(call) : slotsOf(call);
    if (slots.length === 0) return undefined;
    const refusal = refusalOf(cluster, call, slots);
    if (hasScripting(call.server) && isFromScript(call)) {
      if (refusal !== undefined) return IN_SCRIPTS.get(refusal) ?? SCRIPT_NOT_LOCAL;
      const { run, caller } = scriptingOf(call.server).invoker;
      if (run === undefined || caller === undefined || (run.flags & (SCRIPT_COMPAT | SCRIPT_ALLOW_CROSS_SLOT)) !== 0)
        return undefined;
      if (script === undefined || script.run !== run) script = { run, slot: declaredSlot(run.argv()) ?? slots[0]! };
      return script.slot === slots[0] ? undefined : SCRIPT_CROSS_SLOT;
    }
    if (refusal === undefined || !isExec) return refusal;
    // Unlike other refusals of EXEC this one is told as it is.
    leaveTransaction(call.client);
    call.reply.error(refusal.message);
    return 'taken';
  };
}

function refusalOf(
  { slots: served, server, isUp }: Cluster,
  call: Call,
  slots: readonly number[],
): CommandError | undefined {
  if (served[slots[0]!] === 0) return UNBOUND;
  if (slots.some((slot) => slot !== slots[0])) return CROSS_SLOT;
  if (isUp) return undefined;
  const config = configOf(server);
  if (SHARD_COMMANDS.has(call.command.name)) {
    return config.value('cluster-allow-pubsubshard-when-down') === true ? undefined : DOWN;
  }
  if (config.value('cluster-allow-reads-when-down') !== true) return DOWN;
  return call.command.has('write') ? READ_ONLY : undefined;
}

const SHARD_COMMANDS = new Set(['ssubscribe', 'sunsubscribe', 'spublish']);

/** The slots of a command's keys, one for each; shard channels count as keys. */
function slotsOf(call: Call): number[] {
  const { row, name } = call.command;
  if (SHARD_COMMANDS.has(name))
    return call
      .args(1)
      .slice(0, name === 'spublish' ? 1 : undefined)
      .map(slotOf);
  if (row.keySpecs.length === 0 && !row.flags.includes('movablekeys')) return NO_SLOTS;
  const argv = call.args(0);
  return keysOf(row, argv).map(({ index }) => slotOf(argv[index]!));
}

const NO_SLOTS: number[] = [];

function queuedSlots({ client }: Call): number[] {
  const { transaction } = client;
  if (transaction === undefined || transaction.aborted) return NO_SLOTS;
  return transaction.queue.flatMap(slotsOf);
}

/** A script keeps to the slot of the keys that it declares. */
function declaredSlot(argv: readonly string[]): number | undefined {
  return Number(argv[2]) > 0 ? slotOf(argv[3]!) : undefined;
}
