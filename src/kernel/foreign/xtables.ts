/**
 * The kernel's image of an iptables-legacy table (x_tables.h, ip_tables.h, ip6_tables.h): entries one behind the other.
 *
 * | struct ipt_entry | ip | ip6 | struct xt_entry_target | at |
 * |------------------|----|-----|------------------------|----|
 * | addresses, ports | 0  | 0   | size u16               | 0  |
 * | target_offset u16| 88 | 140 | name char[29]          | 2  |
 * | next_offset u16  | 90 | 142 | verdict i32 / name[30] | 32 |
 */
export type XtablesFamily = 'ip' | 'ip6'

export interface LegacyChain {
  readonly name: string
  /** of a built-in chain; null: made by somebody */
  readonly policy: 'accept' | 'drop' | null
  /** without the policy */
  readonly rules: number
  /** where its rules send packets, each once: `accept`, `drop`, `return`, `jump CHAIN`, or an extension such as `DNAT` */
  readonly targets: readonly string[]
}

export interface TableInfo {
  /** hook → offset of its chain's first entry and of its policy; hooks that the table does not have are left out */
  readonly hooks: ReadonlyMap<number, { readonly first: number; readonly policy: number }>
  readonly size: number
}

const HOOK_NAMES = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const
const layout = { ip: { targetOffset: 88, nextOffset: 90 }, ip6: { targetOffset: 140, nextOffset: 142 } } as const
const TARGET = 32

/** struct ipt_getinfo: name, valid_hooks, hook_entry[5], underflow[5], num_entries, size. */
export const parseInfo = (bytes: Buffer): TableInfo => {
  const hooks = new Map<number, { first: number; policy: number }>()
  const valid = bytes.readUInt32LE(32)
  for (let hook = 0; hook < 5; hook++)
    if (valid & (1 << hook))
      hooks.set(hook, { first: bytes.readUInt32LE(36 + 4 * hook), policy: bytes.readUInt32LE(56 + 4 * hook) })
  return { hooks, size: bytes.readUInt32LE(80) }
}

interface Draft {
  readonly name: string
  policy: LegacyChain['policy']
  rules: number
  readonly targets: Set<string>
  /** offsets of the chains that its rules jump to, named once all are known */
  readonly jumps: Set<number>
}

/** Stops at what does not add up: a cut image yields the chains before the cut. */
export const parseEntries = (bytes: Buffer, { hooks }: TableInfo, family: XtablesFamily): readonly LegacyChain[] => {
  const { targetOffset, nextOffset } = layout[family]
  const firsts = new Map([...hooks].map(([hook, { first }]) => [first, HOOK_NAMES[hook] ?? `hook ${hook}`]))
  const policies = new Set([...hooks.values()].map(({ policy }) => policy))
  const chains = new Map<number, Draft>()
  let current: Draft | null = null
  for (let at = 0; at + nextOffset + 2 <= bytes.length; ) {
    const next = at + bytes.readUInt16LE(at + nextOffset)
    const target = at + bytes.readUInt16LE(at + targetOffset)
    if (next <= at || next > bytes.length || target + TARGET + 4 > next) break
    const name = text(bytes, target + 2, 29)
    const builtIn = firsts.get(at)
    if (builtIn !== undefined) chains.set(at, (current = draft(builtIn)))
    if (name === 'ERROR') {
      // heads the chain that follows; the last one ends the table
      if (next < bytes.length) chains.set(next, (current = draft(text(bytes, target + TARGET, 30))))
    } else if (current !== null) {
      note(current, { name, verdict: bytes.readInt32LE(target + TARGET), next, isPolicy: policies.has(at) })
    }
    at = next
  }
  return [...chains.values()].map((chain) => finish(chain, chains))
}

const draft = (name: string): Draft => ({ name, policy: null, rules: 0, targets: new Set(), jumps: new Set() })

const note = (
  chain: Draft,
  { name, verdict, next, isPolicy }: { name: string; verdict: number; next: number; isPolicy: boolean },
): void => {
  if (isPolicy) {
    chain.policy = verdict === -1 ? 'drop' : 'accept'
    return
  }
  chain.rules++
  if (name !== '') chain.targets.add(name)
  else if (verdict >= 0) {
    // to the next rule: no target at all
    if (verdict !== next) chain.jumps.add(verdict)
  } else chain.targets.add(standard.get(verdict) ?? `verdict ${verdict}`)
}

/** −NF_ACCEPT − 1, −NF_DROP − 1, −NF_REPEAT − 1 (XT_RETURN), −NF_QUEUE − 1 */
const standard: ReadonlyMap<number, string> = new Map([
  [-2, 'accept'],
  [-1, 'drop'],
  [-5, 'return'],
  [-4, 'queue'],
])

const finish = ({ name, policy, rules, targets, jumps }: Draft, chains: ReadonlyMap<number, Draft>): LegacyChain => {
  for (const offset of jumps) targets.add(`jump ${chains.get(offset)?.name ?? `offset ${offset}`}`)
  // a chain that somebody made ends in a return of its own
  const own = policy === null ? Math.max(0, rules - 1) : rules
  return { name, policy, rules: own, targets: [...targets] }
}

const text = (bytes: Buffer, at: number, length: number): string => {
  const end = bytes.indexOf(0, at)
  return bytes.toString('latin1', at, end < 0 || end > at + length ? at + length : end)
}
