import type { TableDraft } from './draft.ts'

/**
 * A chain cannot pass more packets than came to it. Where its rules count more, the counters are from different moments: the rules that
 * lead there were written anew (they begin at zero), or the dump took long.
 * @returns how many chains, and the first one
 */
export const countersOff = ({
  chains,
  came,
}: TableDraft): { readonly chains: number; readonly first: string } | null => {
  let off = 0
  let first = ''
  for (const { name, policy, most } of chains.values()) {
    const packets = came.get(name)
    if (policy !== null || packets === undefined || most <= packets) continue
    if (off++ === 0) first = name
  }
  return off === 0 ? null : { chains: off, first }
}
