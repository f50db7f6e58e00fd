import type { BackendCounter } from '../../../dataplane/plane.ts'
import { exec } from '../../../kernel/exec.ts'
import { cutDump } from '../../dumps/cutting/cut.ts'
import { readConntrackLive } from '../../dumps/conntrack-live.ts'
import { ipvsState } from '../../dumps/ipvs/join.ts'
import { readIpvsList } from '../../dumps/ipvs/list.ts'
import { readLive } from '../../dumps/live.ts'
import type { NodeRules } from '../../dumps/node.ts'
import type { NodeSource } from './node-reading.ts'

/**
 * This network namespace: its rules with their counters, its connections, IPVS' statistics, and what its agent has counted. Needs CAP_NET_ADMIN
 * and writes nothing.
 */
export const readLiveSource = async (node: string, counters: readonly BackendCounter[] | null): Promise<NodeSource> => {
  const rules = await readLive()
  const conntrack = await readConntrackLive()
  const live = { ...rules, name: node, conntrack }
  return { node, rules: await withStatistics(live), ...(counters === null ? {} : { counters }) }
}

const STATISTICS_TIMEOUT_MS = 30_000

/** /proc/net/ip_vs has no connections since a server was added; ipvsadm asks the kernel for them. Where it is missing they stay unknown. */
const withStatistics = async (rules: NodeRules): Promise<NodeRules> => {
  if (rules.ipvs === null || rules.ipvs.services.length === 0) return rules
  const text = await exec('ipvsadm', ['-Ln', '--stats', '--exact'], { timeoutMs: STATISTICS_TIMEOUT_MS }).catch(
    () => '',
  )
  const listed = cutDump({ name: 'ipvsadm -Ln --stats', text }).parts.map(readIpvsList)
  return { ...rules, ipvs: ipvsState([{ services: rules.ipvs.services, problems: [] }, ...listed]).state }
}
