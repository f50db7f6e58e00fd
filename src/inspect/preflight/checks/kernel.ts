import type { Features } from '../../../kernel/features.ts'
import { type Check, fileSays, finding, planeOf } from '../check.ts'
import type { Finding } from '../finding.ts'

const RELEASE = '/proc/sys/kernel/osrelease'
/** what the rules are made of came last with 5.9: reject in prerouting (src/kernel/features.ts) */
const FLOOR = 5.009
/** the oldest that the tests run on */
const TESTED = 6.001

/** `6.1.0-18-amd64` → 6.001, `5.15.7` → 5.015: comparable; null: not a kernel's release. */
export const parseRelease = (release: string): number | null => {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? []
  return major === undefined || minor === undefined ? null : Number(`${major}.${minor.padStart(3, '0')}`)
}

export const kernelVersion: Check = (sight, settings) => {
  const version = parseRelease(sight.text(RELEASE) ?? '')
  if (planeOf(settings) !== 'nftables' || version === null || version >= TESTED) return []
  const evidence = [fileSays(sight, RELEASE)]
  if (version >= FLOOR)
    return [
      finding('kernel-untested', {
        summary: 'older than 6.1, the oldest kernel that the rules are tested on',
        evidence,
        cure: 'try it on one node first, or upgrade the kernel',
      }),
    ]
  return [
    finding('kernel-too-old', {
      summary: 'the rules need Linux 5.9 (reject before routing, ranges in maps of several fields)',
      evidence,
      cure: 'upgrade the kernel; 6.1 and later are tested',
    }),
  ]
}

export const nfTables: Check = async (sight, settings) => {
  if (planeOf(settings) !== 'nftables') return []
  if ((await sight.nftTables()) !== null) return []
  const refusal = sight.unseen.find(({ source }) => source === 'nftables tables')
  // EPERM says nothing about the kernel, and is told as no-net-admin
  if (refusal === undefined || !/EOPNOTSUPP|EPROTONOSUPPORT|EINVAL|ESOCKTNOSUPPORT/.test(refusal.reason)) return []
  return [
    finding('no-nf-tables', {
      summary: 'the kernel has no nf_tables',
      evidence: [{ source: refusal.source, found: refusal.reason }],
      cure: 'modprobe nf_tables (CONFIG_NF_TABLES); in a container mount /lib/modules or load it on the node',
    }),
  ]
}

/** What the nftables plane cannot do without. */
const needed: Readonly<Partial<Record<keyof Features, string>>> = {
  nftables: 'nf_tables',
  rejectInPrerouting: 'nft_reject_ipv4 nft_reject_ipv6',
  addressType: 'nft_fib_ipv4 nft_fib_ipv6',
  slotMaps: 'nft_numgen nft_nat',
  concatenatedRanges: 'nf_tables (sets of ranges with several fields)',
  dynamicSets: 'nf_tables (sets that packets fill)',
}

/** Tries each in a table that the same transaction deletes again. */
export const kernelFeatures: Check = async (sight, settings) => {
  if (planeOf(settings) !== 'nftables') return []
  const features = await sight.features()
  if (features === null) return []
  const found: Finding[] = []
  for (const [name, modules] of Object.entries(needed)) {
    const answer = features[name as keyof Features]
    if (answer.answer === 'inconclusive') sight.note(`kernel feature ${name}`, answer.why)
    if (answer.answer === 'no')
      found.push(
        finding('kernel-too-old', {
          summary: `the kernel lacks ${name}, which the rules are made of`,
          evidence: [{ source: `kernel feature ${name}`, found: answer.why }],
          cure: `upgrade to Linux ${answer.since} or later, or load its modules: modprobe ${modules}`,
        }),
      )
  }
  if (features.elementCounters.answer === 'no')
    found.push(
      finding('element-counters', {
        summary: 'elements of maps cannot count: new connections per backend are not known',
        evidence: [{ source: 'kernel feature elementCounters', found: features.elementCounters.why }],
        cure: `Linux ${features.elementCounters.since} or later; traffic is not affected`,
      }),
    )
  return found
}

export const ipv6: Check = (sight, { clusterCIDRs }) => {
  const disabled = sight.number('/proc/sys/net/ipv6/conf/all/disable_ipv6')
  if (sight.exists('/proc/net/if_inet6') && disabled !== 1) return []
  const wanted = clusterCIDRs.some((cidr) => cidr.includes(':'))
  return [
    finding('ipv6-off', {
      severity: wanted ? 'warning' : 'note',
      summary: wanted
        ? 'pods have IPv6 addresses (clusterCIDR), but IPv6 is off on this node'
        : 'IPv6 is off: IPv6 Services are not served here',
      evidence: [
        disabled === 1
          ? fileSays(sight, '/proc/sys/net/ipv6/conf/all/disable_ipv6')
          : { source: '/proc/net/if_inet6', found: 'not there' },
      ],
      cure: wanted
        ? 'sysctl -w net.ipv6.conf.all.disable_ipv6=0, or boot without ipv6.disable=1'
        : 'nothing, in an IPv4 cluster',
    }),
  ]
}

/** nft before 1.0.1 crashes when it lists sets that it did not make (userdata of others). */
export const nftVersion: Check = async (sight) => {
  const text = await sight.nftVersion()
  const [, major = '0', minor = '0', patch = '0'] = /v(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '') ?? []
  const number = Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch)
  if (text === null || number === 0 || number >= 1_000_001) return []
  return [
    finding('nft-too-old', {
      summary: 'nft before 1.0.1 crashes when it lists tables with maps that it did not make itself',
      evidence: [{ source: 'nft --version', found: text.trim() }],
      cure: 'upgrade nftables to 1.0.1 or later where anything on this node lists rulesets; the agent itself never starts nft',
    }),
  ]
}
