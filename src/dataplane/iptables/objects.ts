export type IpFamily = 'ip' | 'ip6'

export type IptablesTable = 'nat' | 'filter' | 'mangle'

/**
 * A rule as `iptables-save` prints it, without `-A CHAIN`: `-d 10.96.0.10/32 -p tcp -m comment --comment "shop/web cluster IP"
 * -m tcp --dport 80 -j KUBE-SVC-…`. One text for one rule, so that rules are compared as texts; `iptables-restore` takes it as it is.
 */
export type RuleText = string

interface Located {
  readonly key: string
  readonly family: IpFamily
  readonly table: IptablesTable
  readonly chain: string
}

/** A chain with all of its rules: KUBE-SVC-…, KUBE-SEP-…, and those of the node. Key: `chain ip nat KUBE-SVC-…`. */
export interface ChainObject extends Located {
  readonly kind: 'chain'
  readonly rules: readonly RuleText[]
}

/** A chain of ours whose rules are objects of their own: KUBE-SERVICES and its like. Key: `shared ip nat KUBE-SERVICES`. */
export interface SharedChainObject extends Located {
  readonly kind: 'shared'
}

/**
 * One rule in a chain that others write rules into too: in a shared chain, or in one of the kernel's own (INPUT, PREROUTING …).
 * Key: `rule ip nat KUBE-SERVICES -d …`, so another text is another rule.
 */
export interface RuleObject extends Located {
  readonly kind: 'rule'
  readonly rule: RuleText
  /**
   * head: before all rules of the chain that are not head's, whoever wrote them; of several, the one written last comes first (`-I`).
   * tail: after those of head (`-A`). Among rules of one place the order does not matter, but in the kernel's own chains, where it is
   * that of `Program.objects`, the last of them first.
   */
  readonly place: 'head' | 'tail'
}

/** A piece of the ruleset. A change of any of them replaces just this one. */
export type IptablesObject = ChainObject | SharedChainObject | RuleObject

/** Rules that the kernel holds for it. */
export const ruleCount = (object: IptablesObject): number => {
  switch (object.kind) {
    case 'chain':
      return object.rules.length
    case 'rule':
      return 1
    case 'shared':
      return 0
  }
}

/** Where a chain is. */
export interface ChainPlace {
  readonly family: IpFamily
  readonly table: IptablesTable
  readonly chain: string
}

export const chainObject = ({ family, table, chain }: ChainPlace, rules: readonly RuleText[]): ChainObject => ({
  kind: 'chain',
  key: `chain ${family} ${table} ${chain}`,
  family,
  table,
  chain,
  rules,
})

export const sharedChainObject = ({ family, table, chain }: ChainPlace): SharedChainObject => ({
  kind: 'shared',
  key: `shared ${family} ${table} ${chain}`,
  family,
  table,
  chain,
})

export const ruleObject = (
  { family, table, chain }: ChainPlace,
  rule: RuleText,
  place: RuleObject['place'],
): RuleObject => ({
  kind: 'rule',
  key: `rule ${family} ${table} ${chain} ${rule}`,
  family,
  table,
  chain,
  rule,
  place,
})
