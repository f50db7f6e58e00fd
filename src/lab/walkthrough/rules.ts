import type { PlaneName } from '../../dataplane/plane.ts'
import { listingOf } from '../../dataplane/registry.ts'
import { readDumps } from '../../inspect/dumps/read.ts'
import { traceNode } from '../../inspect/dumps/trace-node.ts'
import { exec } from '../../kernel/exec.ts'
import { findPrograms } from '../../kernel/iptables/programs.ts'
import type { Packet, Trace } from '../../model/packet.ts'
import type { LabNode } from '../cluster.ts'
import { inNetns } from '../ip.ts'
import type { Skipped } from '../report.ts'
import { nameOf, registered, runnableVariants, type Variant } from '../variant.ts'

/** A variant with the command that shows a person its rules. */
export interface ListedVariant {
  readonly variant: Variant
  readonly command: readonly string[]
}

/** Those that run here; where nobody can list the rules there is nothing to walk through. Throws when none runs. */
export const listedVariants = async (
  planes: readonly PlaneName[],
): Promise<{ readonly variants: readonly ListedVariant[]; readonly skipped: readonly Skipped[] }> => {
  const { variants, skipped } = await runnableVariants(planes)
  const listed: ListedVariant[] = []
  const mute: Skipped[] = []
  for (const variant of variants) {
    const known = registered(variant)
    const command = known && (await listingOf(known))
    if (command) listed.push({ variant, command })
    else mute.push({ plane: nameOf(variant), reason: 'no command lists its rules' })
  }
  return { variants: listed, skipped: [...skipped, ...mute] }
}

/** The way of the packet through the rules as they stand in the node's kernel now, counters and all. */
export const walk = async (node: LabNode, command: readonly string[], packet: Packet): Promise<Trace> => {
  const inside = (...words: readonly string[]): Promise<string> => exec('ip', inNetns(node.netns, words))
  const files = [
    { name: command.join(' '), text: await inside(...command) },
    { name: 'ip addr', text: await inside('ip', 'addr') },
    { name: 'ip route', text: await inside('ip', 'route') },
  ]
  return traceNode(await readDumps(files, { name: node.name }))(packet)
}

/**
 * Leaves word in the node's kernel which back end it uses, as a kubelet does (KEP-3178): so agents take this one, whatever plain
 * `iptables` is here.
 */
export const hintBackEnd = async (node: LabNode, { iptables }: Variant): Promise<void> => {
  if (iptables === undefined) return
  const { restore } = await findPrograms(iptables)
  const input = '*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n'
  await exec('ip', inNetns(node.netns, [...restore.ip, '--noflush']), { input })
}
