import type { ProblemList } from './problems.ts'
import { linkedChains } from './kube-proxy-links.ts'
import type { IptablesChain, IptablesTable, RuleLine } from './ruleset.ts'

/** What readers say of a fragment; whoever joins them knows better. */
export const LOOSE_RULES =
  'rules without their table (`*nat`): a part of a dump; give the whole output of iptables-save'
export const LOOSE_CHAINS = 'a part of a table, which is not named: no built-in chain leads there; use iptables-save'

/**
 * People paste a table in pieces: what they grepped for, one chain after the other, between sentences. Pieces of one table are read as
 * one, each rule of a chain once; those that repeat what a whole table has are left out. What is put together is a part of a table
 * still, and told as such.
 */
export const joinFragments = (tables: readonly IptablesTable[], problems: ProblemList): readonly IptablesTable[] => {
  const kept = tables.filter(({ fragment }) => !fragment)
  const groups = Map.groupBy(
    tables.filter(({ fragment }) => fragment),
    ({ family, name }) => `${family} ${name}`,
  )
  for (const pieces of groups.values()) {
    const [first] = pieces
    if (first === undefined) continue
    const whole = kept.filter(({ family, name }) => family === first.family && name === first.name)
    if (whole.length === 0) kept.push(joined(first, pieces, problems))
    else noteForeign(pieces, whole, problems)
  }
  return kept
}

const joined = (first: IptablesTable, pieces: readonly IptablesTable[], problems: ProblemList): IptablesTable => {
  const chains = new Map<string, IptablesChain>()
  for (const piece of pieces)
    for (const [name, chain] of piece.chains) {
      const before = chains.get(name)
      chains.set(name, before === undefined ? chain : { ...before, lines: withNew(before.lines, chain.lines) })
    }
  const { links, all } = linkedChains(first.name, chains, first.line)
  problems.add(
    first.line,
    `rules without their whole table ${first.name}: a part of a dump; give the whole output of iptables-save${assumed(links)}`,
    true,
  )
  return { ...first, chains: all, complete: true }
}

/** So many of the rules that were taken are shown. */
const MOST_SHOWN = 8

const assumed = (links: readonly string[]): string => {
  if (links.length === 0) return ''
  const more = links.length > MOST_SHOWN ? ` and ${links.length - MOST_SHOWN} more` : ''
  const shown = links.slice(0, MOST_SHOWN).map((link) => `\`${link}\``)
  return `; what leads to and from them is taken as kube-proxy has it: ${shown.join(', ')}${more}`
}

const withNew = (lines: readonly RuleLine[], more: readonly RuleLine[]): readonly RuleLine[] => {
  const known = new Set(lines.map(({ text }) => withoutCounters(text)))
  const fresh = more.filter(({ text }) => !known.has(withoutCounters(text)))
  return fresh.length === 0 ? lines : [...lines, ...fresh]
}

/** Rules that no whole table has are somebody else's, or of another moment. */
const noteForeign = (
  pieces: readonly IptablesTable[],
  whole: readonly IptablesTable[],
  problems: ProblemList,
): void => {
  const known = new Set(whole.flatMap(({ chains }) => [...chains.values()].flatMap(textsOf)))
  for (const piece of pieces) {
    const strange = [...piece.chains.values()].flatMap((chain) => textsOf(chain).filter((text) => !known.has(text)))
    if (strange.length > 0)
      problems.add(
        piece.line,
        `rules that table ${piece.name} (line ${whole.at(-1)?.line}) does not have, e.g. ${JSON.stringify(strange[0])}: of another moment or node? They are left out`,
        true,
      )
  }
}

const textsOf = ({ lines }: IptablesChain): readonly string[] => lines.map(({ text }) => withoutCounters(text))

const withoutCounters = (text: string): string => text.replace(/^\[\d+:\d+\] /, '')
