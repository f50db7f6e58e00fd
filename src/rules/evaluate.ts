import type { Fraction, PathStep } from '../model/packet.ts'
import { type Flow, merge, type Sender, type Surroundings } from './flow.ts'
import { one } from './fraction.ts'
import type { Bytes, Chain, Hook, Table } from './model.ts'
import { Walk } from './walk.ts'

/** The first packet of a connection, as the rules see it. */
export interface Probe extends Sender {
  readonly daddr: Bytes
  readonly dport: number
  /** default 0 */
  readonly mark?: number
}

/** A share of the packets and what became of it. The odds of all ends of an outcome sum to exactly 1. */
export interface End {
  /** none: it went through without DNAT */
  readonly verdict: 'dnat' | 'reject' | 'drop' | 'none'
  readonly odds: Fraction
  readonly daddr: Bytes
  readonly dport: number
  readonly masquerade: boolean
}

export interface Outcome {
  readonly ends: readonly End[]
  /** rules that matched, in the order they were met */
  readonly path: readonly PathStep[]
  readonly conditions: readonly string[]
  /** what was not understood; where there is any, the answer is partial */
  readonly unknown: readonly string[]
}

type HookName = Hook['hook']

/**
 * Walks a packet through the tables' base chains in hook and priority order, pushing its probability mass along every branch.
 * As in the kernel: nat chains see a connection until one of them has translated it, `accept` ends one base chain, `drop` all.
 */
export const evaluate = (tables: readonly Table[], probe: Probe, around: Surroundings): Outcome => {
  const walk = new Walk(probe, around)
  const chains = baseChains(tables, probe.family)
  const { daddr, dport, mark = 0 } = probe
  const start: Flow = { odds: one, daddr, dport, mark, dnat: false, masquerade: false }
  const inside = throughHook(walk, chains, around.entry, [start])
  const kept = inside.filter((flow) => around.keeps(flow.daddr))
  const sent = inside.filter((flow) => !around.keeps(flow.daddr))
  const arrived = around.entry === 'prerouting' ? throughHook(walk, chains, 'input', kept) : kept
  const forwarded = around.entry === 'prerouting' ? throughHook(walk, chains, 'forward', sent) : sent
  const left = throughHook(walk, chains, 'postrouting', forwarded)
  const { path, conditions, unknown } = walk.findings
  return {
    ends: [
      ...merge([...arrived, ...left]).map((flow) => end(flow.dnat ? 'dnat' : 'none', flow)),
      ...walk.ends.reject.map((flow) => end('reject', flow)),
      ...walk.ends.drop.map((flow) => end('drop', flow)),
    ],
    path: [...path.values()],
    conditions: [...conditions],
    unknown: [...unknown],
  }
}

const end = (verdict: End['verdict'], { odds, daddr, dport, masquerade }: Flow): End => ({
  verdict,
  odds,
  daddr,
  dport,
  masquerade,
})

interface Based {
  readonly table: Table
  readonly chain: Chain
  readonly hook: Hook
}

/** By priority; of equal ones the first registered goes first, which a listing keeps. */
const baseChains = (tables: readonly Table[], family: Table['family']): readonly Based[] =>
  tables
    .filter((table) => table.family === family)
    .flatMap((table) =>
      Array.from(table.chains.values(), (chain) => ({ table, chain })).flatMap(({ table: its, chain }) =>
        chain.hook === undefined ? [] : [{ table: its, chain, hook: chain.hook }],
      ),
    )
    .sort((a, b) => a.hook.priority - b.hook.priority)

const throughHook = (walk: Walk, chains: readonly Based[], name: HookName, flows: readonly Flow[]): readonly Flow[] => {
  let present = flows
  for (const { table, chain, hook } of chains) {
    if (hook.hook !== name || present.length === 0) continue
    if (hook.type !== 'nat') {
      present = walk.base(table, chain, present)
      continue
    }
    const source = name === 'postrouting' || name === 'input'
    const done = present.filter((flow) => (source ? flow.masquerade : flow.dnat))
    const open = present.filter((flow) => !(source ? flow.masquerade : flow.dnat))
    present = [...done, ...walk.base(table, chain, open)]
  }
  return present
}
