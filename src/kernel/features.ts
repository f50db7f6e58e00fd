import { access } from 'node:fs/promises'
import { KernelError } from './errors.ts'
import { plainSet } from './nftables/plain-set.ts'
import type { NftExpr, NftFamily, Nftables, NftOperation, NftSet } from './nftables/types.ts'

/** Whether this kernel can do something: tried, not guessed from its version. */
export type Answer =
  | { readonly answer: 'yes' }
  /** `since`: the kernel version that brought it */
  | { readonly answer: 'no'; readonly since: string; readonly why: string }
  /** it could not be tried, e.g. without CAP_NET_ADMIN */
  | { readonly answer: 'inconclusive'; readonly why: string }

export interface Features {
  readonly nftables: Answer
  /** refusals answer at once, before routing */
  readonly rejectInPrerouting: Answer
  /** `fib saddr type`: this node's own packets */
  readonly addressType: Answer
  /** a map whose key holds a counter's value: exact rotation */
  readonly slotMaps: Answer
  /** counters on map elements */
  readonly elementCounters: Answer
  /** a map over keys of several parts with ranges: source ranges of a frontend */
  readonly concatenatedRanges: Answer
  /** sets that packets fill: client affinity */
  readonly dynamicSets: Answer
  readonly ipv6: Answer
}

/**
 * Tries each feature in a table that the same transaction deletes again, so nothing is ever in force.
 * `table` must be a name of our own that does not exist.
 */
export async function probeFeatures(nftables: Nftables, table = 'evenkeel-probe'): Promise<Features> {
  const results: Partial<Record<NftFeature, Answer>> = {}
  for (const [name, { since, operations }] of Object.entries(probes) as [NftFeature, Probe][])
    results[name] = await tryOut(nftables, 'ip', table, operations('ip', table), since)
  return { ...(results as Record<NftFeature, Answer>), ipv6: await hasIPv6() }
}

type NftFeature = Exclude<keyof Features, 'ipv6'>

interface Probe {
  readonly since: string
  readonly operations: (family: NftFamily, table: string) => readonly NftOperation[]
}

async function tryOut(
  nftables: Nftables,
  family: NftFamily,
  table: string,
  operations: readonly NftOperation[],
  since: string,
): Promise<Answer> {
  try {
    await nftables.transaction([
      { op: 'add-table', family, table },
      ...operations,
      { op: 'delete-table', family, table },
    ])
    return { answer: 'yes' }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return refusals.has(error.errno)
      ? { answer: 'no', since, why: error.message }
      : { answer: 'inconclusive', why: error.message }
  }
}

/** How kernels say that they do not know an expression, a flag or a hook. */
const refusals: ReadonlySet<string> = new Set([
  'EOPNOTSUPP',
  'EINVAL',
  'ENOENT',
  'EPROTONOSUPPORT',
  'EAFNOSUPPORT',
  'ERANGE',
])

const set = plainSet('s', ['ipv4_addr', 'inet_service'])
const slots: NftSet = { ...set, key: ['inet_service', 'slot'], data: ['ipv4_addr', 'inet_service'] }

const probes: Readonly<Record<NftFeature, Probe>> = {
  nftables: { since: '3.13', operations: () => [] },
  rejectInPrerouting: {
    since: '5.9',
    operations: (family, table) => hooked(family, table, 'filter', [{ name: 'reject', with: 'port-unreachable' }]),
  },
  addressType: {
    since: '4.10',
    operations: (family, table) =>
      hooked(family, table, 'filter', [{ name: 'fib', dreg: 1, result: 'type', from: 'saddr' }]),
  },
  slotMaps: {
    since: '4.9',
    operations: (family, table) => [
      { op: 'add-set', family, table, set: slots },
      ...hooked(family, table, 'nat', [
        { name: 'payload', dreg: 1, base: 'transport', offset: 2, len: 2 },
        { name: 'numgen', dreg: 9, mode: 'inc', modulus: 2, offset: 0 },
        { name: 'lookup', set: slots.name, sreg: 1, dreg: 1, invert: false },
        { name: 'nat', type: 'dnat', family: family === 'ip6' ? 'ip6' : 'ip', addressReg: 1, portReg: 9 },
      ]),
    ],
  },
  elementCounters: {
    since: '5.7',
    operations: (family, table) => {
      const counted = { ...slots, counter: true }
      const element = { key: '\0\x50\0\0\0\0\0\0', data: '\x0a\0\0\x01\0\x50\0\0' }
      return [
        { op: 'add-set', family, table, set: counted },
        { op: 'add-elements', family, table, set: counted, elements: [element] },
      ]
    },
  },
  concatenatedRanges: {
    since: '5.6',
    operations: (family, table) => {
      const ranges = { ...set, interval: true }
      const element = { key: '\x0a\0\0\0\0\x50\0\0', keyEnd: '\x0a\0\0\xff\0\x50\0\0' }
      return [
        { op: 'add-set', family, table, set: ranges },
        { op: 'add-elements', family, table, set: ranges, elements: [element] },
      ]
    },
  },
  dynamicSets: {
    since: '4.1',
    operations: (family, table) => {
      const timed: NftSet = { ...set, key: ['ipv4_addr'], dynamic: true, timeoutMs: 10_000, size: 16 }
      return [
        { op: 'add-set', family, table, set: timed },
        ...hooked(family, table, 'nat', [
          { name: 'payload', dreg: 1, base: 'network', offset: 12, len: 4 },
          { name: 'dynset', set: timed.name, op: 'update', sregKey: 1, timeoutMs: 0 },
        ]),
      ]
    },
  },
}

/** A rule in a prerouting chain. */
function hooked(
  family: NftFamily,
  table: string,
  type: 'filter' | 'nat',
  expressions: readonly NftExpr[],
): NftOperation[] {
  const hook = { type, hook: 'prerouting', priority: -100, policy: 'accept' } as const
  return [
    { op: 'add-chain', family, table, chain: { name: 'c', hook, comment: '' } },
    { op: 'add-rule', family, table, chain: 'c', rule: { expressions, comment: '' } },
  ]
}

async function hasIPv6(): Promise<Answer> {
  try {
    await access('/proc/net/if_inet6')
    return { answer: 'yes' }
  } catch {
    return { answer: 'no', since: '2.2', why: 'no /proc/net/if_inet6: IPv6 is not built in, or switched off at boot' }
  }
}
