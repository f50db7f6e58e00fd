import { readFile } from 'node:fs/promises'
import { formatFrontend, frontendsOf, type FoundFrontend } from '../../inspect/dumps/frontends.ts'
import type { NodeRules } from '../../inspect/dumps/node.ts'
import { formatDumpProblem } from '../../inspect/dumps/problem.ts'
import { traceNode } from '../../inspect/dumps/trace-node.ts'
import type { Subject } from '../../inspect/compare-packets.ts'
import { legacyRevision } from '../../kernel/foreign/legacy-revision.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { LiveRules, ReadRules } from './live-rules.ts'

/** ms after which rules are read again of which the kernel does not tell that they have changed: iptables-legacy, IPVS */
const UNTOLD = 10_000

/**
 * The rules of the network namespace that this process runs in. Reading them needs CAP_NET_ADMIN, as each dump over netlink does; nothing is
 * written. nf_tables tells by its generation that somebody changed something; the tables of iptables-legacy only when their size changes.
 */
export const openLiveRules = async (kernel: Kernel, clock: Clock, log: Log): Promise<LiveRules> => {
  const nftables = await kernel.nftables(log)
  return {
    async revision() {
      const untold = `${await legacyRevision()}${await ipvsServices()}`
      const period = untold === '' ? '' : ` ${untold} ${Math.floor(clock.now() / UNTOLD)}`
      return `${await nftables.generation()}${period}`
    },
    async read() {
      const { readLive } = await import('../../inspect/dumps/live.ts')
      return rulesOf(await readLive())
    },
    [Symbol.asyncDispose]: () => nftables[Symbol.asyncDispose](),
  }
}

const rulesOf = (node: NodeRules): ReadRules => ({
  trace: traceNode(node),
  frontends: () =>
    frontendsOf(node)
      .filter(({ service }) => service)
      .map(subjectOf),
  problems: node.problems.map(formatDumpProblem),
})

const subjectOf = (found: FoundFrontend): Subject => ({
  key: formatFrontend(found),
  family: found.family,
  address: found.address,
  protocol: found.protocol,
  port: found.port,
  service: found.title.replace(/:.*/, ''),
  sourceRanges: null,
  sets: { cluster: null, local: null },
})

/** '' where the kernel has none */
const ipvsServices = async (): Promise<string> => {
  const lines = (await readFile('/proc/net/ip_vs', 'utf8').catch(() => '')).split('\n').slice(3)
  // without the counts of connections, which change with each
  return lines
    .map((line) => line.replace(/(\s+\d+){2}\s*$/, ''))
    .join('\n')
    .trim()
}
