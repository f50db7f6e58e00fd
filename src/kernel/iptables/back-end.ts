import type { IptablesBackEnd } from './types.ts'

/** What one back end holds in this namespace. */
export interface BackEndEvidence {
  /** a chain that the kubelet leaves in mangle to tell others which back end the node uses */
  readonly hint: boolean
  /** KUBE-SERVICES in nat: a Service proxy was at work */
  readonly proxied: boolean
  /** in all tables of both families */
  readonly rules: number
}

export interface BackEndChoice {
  readonly backEnd: IptablesBackEnd
  /** for people */
  readonly because: string
}

/** KEP-3178; the second one until Kubernetes 1.24 and beyond */
export const HINTS: readonly string[] = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY']

/**
 * Which back end a node uses, as the distributions' wrapper for containers tells it (kubernetes-sigs/iptables-wrappers): the
 * kubelet's hint, else who has more rules, else what plain `iptables` is. Before the rules are counted: where a proxy's chains stand
 * already, so that a restart finds its own.
 */
export const chooseBackEnd = (
  evidence: Readonly<Record<IptablesBackEnd, BackEndEvidence>>,
  installed: IptablesBackEnd | null,
): BackEndChoice => {
  const { nft, legacy } = evidence
  for (const backEnd of ['nft', 'legacy'] as const)
    if (evidence[backEnd].hint) return { backEnd, because: 'the kubelet’s hint is there' }
  if (nft.proxied !== legacy.proxied)
    return { backEnd: nft.proxied ? 'nft' : 'legacy', because: 'chains of a Service proxy are there' }
  if (nft.rules !== legacy.rules)
    return { backEnd: nft.rules > legacy.rules ? 'nft' : 'legacy', because: 'most of the rules are there' }
  return { backEnd: installed ?? 'nft', because: 'plain iptables is this one' }
}
