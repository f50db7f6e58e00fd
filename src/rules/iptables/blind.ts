import type { IptablesRuleset } from './ruleset.ts'

/** Where nft shows the same tables, it is no matter. */
export const BLIND = 'this listing was made without -v: it does not show interfaces; use iptables-save'

/** Without the tables that a listing shows blindly and that are `shown` (`ip nat`) elsewhere. */
export const withoutBlind = ({ tables, problems }: IptablesRuleset, shown: ReadonlySet<string>): IptablesRuleset => {
  const kept = tables.filter(({ blind, family, name }) => !(blind === true && shown.has(`${family} ${name}`)))
  return { tables: kept, problems: kept.length > 0 ? problems : problems.filter(({ text }) => text !== BLIND) }
}
