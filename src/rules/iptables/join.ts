import { groupDoubles, noteDoubles } from './doubles.ts'
import { joinFragments, LOOSE_CHAINS, LOOSE_RULES } from './fragments.ts'
import { type ProblemList, problemList } from './problems.ts'
import type { IptablesRuleset } from './ruleset.ts'

/** One node's rulesets as one: what of a file is missing may stand in another, and what both have is told. */
export const joinRulesets = (rulesets: readonly IptablesRuleset[]): IptablesRuleset => {
  const all = rulesets.flatMap((ruleset) => ruleset.tables)
  const problems = rulesets.flatMap((ruleset) => ruleset.problems)
  const legacy = all.some(({ backEnd }) => backEnd === 'legacy')
  const between = problemList(all.at(-1)?.file ?? '')
  const tables = joinFragments(all, between)
  noteDoublesBetween(rulesets, between)
  const settled = new Set([LOOSE_RULES, LOOSE_CHAINS, ...(legacy && rulesets.length > 1 ? [HIDDEN_LEGACY] : [])])
  const found = new Set(tables.filter(({ fragment }) => fragment).flatMap(({ chains }) => [...chains.keys()]))
  const isSettled = (text: string): boolean => settled.has(text) || found.has(missingChain.exec(text)?.[1] ?? '')
  return { tables, problems: [...problems.filter(({ text }) => !isSettled(text)), ...between.list()] }
}

/** What one piece lacks another may have. */
const missingChain = /^a jump to chain (\S+), which is not (?:here|listed)$/

/** Those within one listing its reader has told. */
const noteDoublesBetween = (rulesets: readonly IptablesRuleset[], problems: ProblemList): void => {
  const whole = rulesets.map(({ tables }) => tables.filter(({ fragment }) => !fragment))
  for (const group of groupDoubles(whole.flat()).values())
    if (whole.filter((tables) => tables.some((table) => group.includes(table))).length > 1) noteDoubles(group, problems)
}

/** What iptables-nft says of the other back end. */
export const HIDDEN_LEGACY =
  'iptables-legacy has tables too, which are in force and not in this dump; add the output of iptables-legacy-save'
