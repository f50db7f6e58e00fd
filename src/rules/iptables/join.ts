import { noteDoubles } from './doubles.ts'
import { problemList } from './problems.ts'
import type { IptablesRuleset } from './ruleset.ts'

/** One node's rulesets as one: what of a file is missing may stand in another, and what both have is told. */
export const joinRulesets = (rulesets: readonly IptablesRuleset[]): IptablesRuleset => {
  const tables = rulesets.flatMap((ruleset) => ruleset.tables)
  const problems = rulesets.flatMap((ruleset) => ruleset.problems)
  if (rulesets.length < 2) return { tables, problems }
  const legacy = tables.some(({ backEnd }) => backEnd === 'legacy')
  const between = problemList(tables.at(-1)?.file ?? '')
  const files = new Set(tables.map(({ file }) => file))
  if (files.size > 1) noteDoubles(tables, between)
  return {
    tables,
    problems: [...problems.filter(({ text }) => !legacy || text !== HIDDEN_LEGACY), ...between.list()],
  }
}

/** What iptables-nft says of the other back end. */
export const HIDDEN_LEGACY =
  'iptables-legacy has tables too, which are in force and not in this dump; add the output of iptables-legacy-save'
