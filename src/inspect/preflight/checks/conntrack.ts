import type { NodeSight } from '../../node/sight.ts'
import { type Check, fileSays, finding } from '../check.ts'

const COUNT = '/proc/sys/net/netfilter/nf_conntrack_count'
const MAX = '/proc/sys/net/netfilter/nf_conntrack_max'
const BUCKETS = '/proc/sys/net/netfilter/nf_conntrack_buckets'
const STAT = '/proc/net/stat/nf_conntrack'

/** of the maximum: every new connection beyond it is dropped */
const PRESSURE = 0.8
/** entries for each hash bucket when the table is full; the kernel's own default is 1 to 4 */
const LONG_CHAINS = 8

export const conntrackPressure: Check = (sight) => {
  const count = sight.number(COUNT)
  const max = sight.number(MAX)
  if (count === null || max === null || max === 0 || count < max * PRESSURE) return []
  return [
    finding('conntrack-pressure', {
      summary: `the connection table is ${Math.round((100 * count) / max)} % full: at 100 % every new connection is dropped`,
      evidence: [fileSays(sight, COUNT), fileSays(sight, MAX)],
      cure: `sysctl -w net.netfilter.nf_conntrack_max=${2 * max} (conntrack.maxPerCore, conntrack.min in the configuration)`,
    }),
  ]
}

/** A header, then a line of hexadecimal numbers for each CPU. Names of columns differ between kernels. */
const counters = (sight: NodeSight): ReadonlyMap<string, number> => {
  const [header, ...cpus] = sight.lines(STAT).map((line) => line.trim().split(/\s+/))
  const sums = new Map<string, number>()
  header?.forEach((name, column) =>
    sums.set(
      name,
      cpus.reduce((sum, cells) => sum + (Number.parseInt(cells[column] ?? '0', 16) || 0), 0),
    ),
  )
  return sums
}

export const conntrackDrops: Check = (sight) => {
  const sums = counters(sight)
  const dropped = sums.get('drop') ?? 0
  const early = sums.get('early_drop') ?? 0
  if (dropped + early === 0) return []
  return [
    finding('conntrack-drops', {
      summary: 'connections were dropped because the connection table was full (since boot)',
      evidence: [
        { source: STAT, found: `drop ${dropped}, early_drop ${early}` },
        ...(sight.text(MAX) === null ? [] : [fileSays(sight, MAX)]),
      ],
      cure: 'raise net.netfilter.nf_conntrack_max (conntrack.maxPerCore, conntrack.min in the configuration), or shorten its timeouts',
    }),
  ]
}

export const conntrackBuckets: Check = (sight) => {
  const max = sight.number(MAX)
  const buckets = sight.number(BUCKETS)
  if (max === null || buckets === null || buckets === 0 || max <= buckets * LONG_CHAINS) return []
  return [
    finding('conntrack-buckets', {
      summary: `a full connection table would have ${Math.round(max / buckets)} entries in each hash bucket: every packet walks them`,
      evidence: [fileSays(sight, BUCKETS), fileSays(sight, MAX)],
      cure: `sysctl -w net.netfilter.nf_conntrack_buckets=${Math.ceil(max / 4)} (8 bytes each)`,
    }),
  ]
}
