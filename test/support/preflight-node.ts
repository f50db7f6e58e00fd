import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { HttpAnswer, SightSources } from '../../src/inspect/node/sight.ts'
import type { Check, CheckSettings } from '../../src/inspect/preflight/check.ts'
import { allChecks } from '../../src/inspect/preflight/checks.ts'
import { examine, type PreflightReport } from '../../src/inspect/preflight/index.ts'
import { KernelError } from '../../src/kernel/errors.ts'
import type { Features } from '../../src/kernel/features.ts'
import type { ForeignChain, ForeignRule } from '../../src/kernel/foreign/index.ts'

const yes = { answer: 'yes' } as const
const features: Features = {
  nftables: yes,
  rejectInPrerouting: yes,
  addressType: yes,
  slotMaps: yes,
  elementCounters: yes,
  concatenatedRanges: yes,
  dynamicSets: yes,
  ipv6: yes,
}

/** An agent that takes kube-proxy's place, as configured without a word. */
export const settings: CheckSettings = {
  proxyName: '',
  masqueradeBit: 14,
  healthzBindAddress: { host: '0.0.0.0', port: 10256 },
  metricsBindAddress: { host: '127.0.0.1', port: 10249 },
  bindAddressHardFail: false,
  clusterCIDRs: ['10.244.0.0/16'],
  agentRuns: false,
}

/** path → content; a content that begins with `->` is a link. A node on which nothing is wrong. */
export const healthy: Readonly<Record<string, string>> = {
  '/proc/self/status': 'Name:\tx\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n',
  '/proc/self/uid_map': '         0          0 4294967295\n',
  '/proc/self/mounts': 'proc /proc proc rw,nosuid 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n',
  '/proc/self/limits': 'Max locked memory         8388608              8388608              bytes\n',
  '/proc/self/ns/net': '->net:[1]',
  '/proc/self/ns/pid': '->pid:[4026531836]',
  '/proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
  '/proc/sys/net/ipv4/ip_forward': '1\n',
  '/proc/sys/net/ipv6/conf/all/forwarding': '1\n',
  '/proc/sys/net/ipv6/conf/all/disable_ipv6': '0\n',
  '/proc/net/if_inet6': '',
  '/proc/net/route':
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n' +
    'eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n',
  '/proc/net/tcp': '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n',
  '/sys/class/net/eth0/ifindex': '2\n',
  '/sys/class/net/eth0/iflink': '2\n',
}

/** How a node differs from a healthy one. */
export interface Doctored {
  readonly files?: Readonly<Record<string, string>>
  readonly without?: readonly string[]
  readonly settings?: Partial<CheckSettings>
  readonly chains?: readonly ForeignChain[]
  readonly rules?: readonly ForeignRule[]
  readonly tables?: readonly { family: 'ip' | 'ip6' | 'inet'; table: string }[]
  readonly legacy?: Readonly<Record<string, ReturnType<NonNullable<SightSources['foreign']>['legacyTable']>>>
  readonly programs?: readonly string[]
  readonly sets?: readonly string[]
  readonly features?: Partial<Features>
  readonly nft?: string
  readonly noNft?: string
  readonly answers?: Readonly<Record<string, HttpAnswer>>
}

/** A directory with these files; to be removed. */
const doctor = (files: Readonly<Record<string, string>>): string => {
  const root = mkdtempSync(join(tmpdir(), 'preflight-'))
  for (const [path, content] of Object.entries(files)) {
    const at = join(root, path)
    mkdirSync(dirname(at), { recursive: true })
    if (content.startsWith('->')) symlinkSync(content.slice(2), at)
    else writeFileSync(at, content)
  }
  return root
}

/** What checks find on such a node. */
export const look = async (node: Doctored, checks: readonly Check[] = allChecks): Promise<PreflightReport> => {
  const files = Object.fromEntries(
    Object.entries({ ...healthy, ...node.files }).filter(([path]) => !node.without?.includes(path)),
  )
  const root = doctor(files)
  try {
    return await examine(checks, { ...settings, ...node.settings }, sources(node, root))
  } finally {
    rmSync(root, { recursive: true })
  }
}

const sources = (node: Doctored, root: string): SightSources => ({
  root,
  foreign: {
    nftTables: () =>
      node.noNft === undefined
        ? Promise.resolve(node.tables ?? [])
        : Promise.reject(new KernelError({ operation: 'nftables list tables', errno: node.noNft })),
    nftChains: () => Promise.resolve(node.chains ?? []),
    nftRules: ({ table, name }) =>
      Promise.resolve((node.rules ?? []).filter((rule) => rule.table === table && rule.chain === name)),
    legacyTable: (family, table) => node.legacy?.[`${family} ${table}`] ?? [],
    ipsets: () => Promise.resolve(node.sets ?? []),
    listeners: () => Promise.reject(new KernelError({ operation: 'sock_diag list', errno: 'ENOENT' })),
    programNames: () => node.programs ?? [],
  },
  get: (url) => Promise.resolve(node.answers?.[url] ?? null),
  features: () => Promise.resolve({ ...features, ...node.features }),
  nftVersion: () => Promise.resolve(node.nft ?? 'nftables v1.0.6 (Lester Gooch #5)'),
})
