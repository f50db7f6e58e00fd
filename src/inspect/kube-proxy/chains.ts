import { isKubeProxyChain } from './names.ts'

/** A table of iptables, of either back end, as far as removing chains from it goes. */
export interface ChainTable {
  readonly table: string
  /** made by somebody */
  readonly userChains: readonly string[]
  /** in the order of the table */
  readonly rules: readonly ChainRule[]
}

export interface ChainRule {
  readonly chain: string
  /** the chain that it jumps or goes to; null: none */
  readonly to: string | null
  /** how the back end deletes it: its handle, or its text */
  readonly id: string
}

/** What to take out of a table so that kube-proxy's chains are gone and everything else stays. */
export interface ChainRemoval {
  readonly table: string
  /** of built-in chains: they led into kube-proxy's */
  readonly jumps: readonly ChainRule[]
  readonly chains: readonly string[]
  /** chains that others' rules lead to, and what those need, with the reason */
  readonly kept: readonly { readonly chain: string; readonly because: string }[]
}

/**
 * kube-proxy's chains of the table and the jumps of built-in chains into them. A rule of somebody else's chain (portmap's
 * hostports jump to KUBE-MARK-MASQ) keeps the chain it leads to, with all that this one leads to.
 */
export const planRemoval = ({ table, userChains, rules }: ChainTable): ChainRemoval => {
  const theirs = new Set(userChains.filter((name) => isKubeProxyChain(table, name)))
  const users = new Set(userChains)
  const into = rules.filter(({ chain, to }) => to !== null && theirs.has(to) && !theirs.has(chain))
  const foreign = into.filter(({ chain }) => users.has(chain))
  const kept = keep(foreign, rules, theirs)
  return {
    table,
    jumps: into.filter(({ chain, to }) => !users.has(chain) && !kept.has(to ?? '')),
    chains: [...theirs].filter((name) => !kept.has(name)).sort(),
    kept: [...kept].map(([chain, because]) => ({ chain, because })),
  }
}

/** Chain → why it stays. */
const keep = (
  foreign: readonly ChainRule[],
  rules: readonly ChainRule[],
  theirs: ReadonlySet<string>,
): ReadonlyMap<string, string> => {
  const kept = new Map<string, string>()
  const open: { readonly chain: string; readonly because: string }[] = foreign.map(({ chain, to }) => ({
    chain: to ?? '',
    because: `used by ${chain}`,
  }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { chain, because } = next
    if (kept.has(chain)) continue
    kept.set(chain, because)
    for (const { to, chain: from } of rules)
      if (from === chain && to !== null && theirs.has(to)) open.push({ chain: to, because: `used by ${chain}` })
    // what marks is of no use without what masquerades the marked
    if (chain === MARK && theirs.has(MASQUERADE))
      open.push({ chain: MASQUERADE, because: `masquerades what ${MARK} marks` })
  }
  return kept
}

const MARK = 'KUBE-MARK-MASQ'
const MASQUERADE = 'KUBE-POSTROUTING'
