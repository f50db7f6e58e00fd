import type { ChainIndex } from './chain-index.ts'
import type { Flow, Probe, Surroundings } from './flow.ts'
import { baseChains, type Based, passHooks } from './hooks.ts'
import { fractionOf } from './mass.ts'
import type { Chain, Rule, Table } from './model.ts'
import type { End, EvaluateOptions, Outcome } from './outcome.ts'
import { explore, type Walked } from './possibilities.ts'
import { type Budget, Walk } from './walk.ts'

export type { Probe } from './flow.ts'
export type { End, EvaluateOptions, Outcome, Possibility } from './outcome.ts'

/** Walks a packet through the tables' base chains: see `evaluator`. */
export const evaluate = (
  tables: readonly Table[],
  probe: Probe,
  around: Surroundings,
  options: EvaluateOptions = {},
): Outcome => evaluator(tables)(probe, around, options)

/** Some seconds of work. A packet looks at some thousands of 160,000 rules; 5,000 backends may pass hundreds of rules each. */
const MOST_RULES = 5_000_000
/** For what the packet's fate would be if something unknown were otherwise. */
const MOST_RULES_OTHERWISE = 2_000_000

/**
 * Makes ready to walk packets through the tables' base chains in hook and priority order, pushing their probability mass along every branch.
 * As in the kernel: nat chains see a connection until one of them has translated it, `accept` ends one base chain, `drop` all.
 * What rules or packet do not say is taken one way, and the other ways are tried too: they are possibilities, and the answer is partial.
 * Keeps indexes of long chains between packets, so ask the same evaluator about many.
 */
export const evaluator = (
  tables: readonly Table[],
): ((probe: Probe, around: Surroundings, options?: EvaluateOptions) => Outcome) => {
  const indexes = new WeakMap<Chain, ChainIndex | null>()
  const chains = { ip: baseChains(tables, 'ip'), ip6: baseChains(tables, 'ip6') }
  return (probe, around, { accepts = false, misses = 0 } = {}) => {
    const walk = (seen: Surroundings, opposite: ReadonlySet<Rule>, shown: number, budget: Budget): Walked => {
      const way = new Walk(probe, { misses: shown, budget, indexes, opposite })
      return { way, ends: endsOf(way, chains[probe.family], probe, seen, accepts) }
    }
    const main = walk(around, new Set(), misses, { left: MOST_RULES })
    const { possible, matters } = explore(main, around, { left: MOST_RULES_OTHERWISE }, (seen, opposite, budget) =>
      walk(seen, opposite, 0, budget),
    )
    const { path, conditions, unknown, unshown } = main.way
    return {
      ends: main.ends,
      path,
      conditions: [...conditions],
      unknown: [...new Set([...unknown, ...matters])],
      possible,
      unshown,
    }
  }
}

const endsOf = (
  way: Walk,
  chains: readonly Based[],
  probe: Probe,
  around: Surroundings,
  accepts: boolean,
): readonly End[] => {
  const through = passHooks(way, chains, probe, around)
  const verdict = (flow: Flow): End['verdict'] => (flow.dnat ? 'dnat' : accepts && flow.accepted ? 'accept' : 'none')
  const end = (what: End['verdict'], { odds, daddr, dport, masquerade, source }: Flow): End => ({
    verdict: what,
    odds: fractionOf(odds),
    daddr,
    dport,
    masquerade,
    saddr: source ?? probe.saddr,
  })
  return [
    ...through.map((flow) => end(verdict(flow), flow)),
    ...way.ends.reject.map((flow) => end('reject', flow)),
    ...way.ends.drop.map((flow) => end('drop', flow)),
  ]
}
