import { chainDraft } from './draft.ts'
import { glance } from './lines.ts'
import type { IptablesChain } from './ruleset.ts'

/** A rule of kube-proxy's that fragments of a dump seldom have: `to` is in them and nothing leads there. */
interface Link {
  readonly table: string
  readonly chain: string
  readonly rule: string
  readonly to: string
}

const services = '-j KUBE-SERVICES'
const newOnly = `-m conntrack --ctstate NEW ${services}`
const local = '-m addrtype --dst-type LOCAL -j'

/** pkg/proxy/iptables/proxier.go of Kubernetes 1.1 to 1.36; PORTALS are those of the userspace mode, up to 1.25 */
const links: readonly Link[] = [
  { table: 'nat', chain: 'PREROUTING', rule: services, to: 'KUBE-SERVICES' },
  { table: 'nat', chain: 'OUTPUT', rule: services, to: 'KUBE-SERVICES' },
  { table: 'nat', chain: 'PREROUTING', rule: '-j KUBE-PORTALS-CONTAINER', to: 'KUBE-PORTALS-CONTAINER' },
  { table: 'nat', chain: 'OUTPUT', rule: '-j KUBE-PORTALS-HOST', to: 'KUBE-PORTALS-HOST' },
  { table: 'nat', chain: 'PREROUTING', rule: `${local} KUBE-NODEPORT-CONTAINER`, to: 'KUBE-NODEPORT-CONTAINER' },
  { table: 'nat', chain: 'OUTPUT', rule: `${local} KUBE-NODEPORT-HOST`, to: 'KUBE-NODEPORT-HOST' },
  { table: 'nat', chain: 'KUBE-SERVICES', rule: `${local} KUBE-NODEPORTS`, to: 'KUBE-NODEPORTS' },
  { table: 'nat', chain: 'POSTROUTING', rule: '-j KUBE-POSTROUTING', to: 'KUBE-POSTROUTING' },
  { table: 'filter', chain: 'INPUT', rule: newOnly, to: 'KUBE-SERVICES' },
  { table: 'filter', chain: 'FORWARD', rule: newOnly, to: 'KUBE-SERVICES' },
  { table: 'filter', chain: 'OUTPUT', rule: newOnly, to: 'KUBE-SERVICES' },
]

/** Chains that are always the same, where only what leads to them is there. */
const fixed: Readonly<Record<string, readonly string[]>> = {
  'KUBE-MARK-MASQ': ['-j MARK --set-xmark 0x4000/0x4000'],
  'KUBE-POSTROUTING': ['-m mark ! --mark 0x4000/0x4000 -j RETURN', '-j MASQUERADE'],
}

export interface LinkedChains {
  readonly all: ReadonlyMap<string, IptablesChain>
  /** the rules that were added, as in iptables-save */
  readonly links: readonly string[]
}

/** The chains of a fragment, with what leads to and from kube-proxy's own where the fragment does not say. */
export const linkedChains = (table: string, chains: ReadonlyMap<string, IptablesChain>, line: number): LinkedChains => {
  const all = new Map(chains)
  const added: string[] = []
  const add = (name: string, rule: string): void => {
    const text = `-A ${name} ${rule}`
    const chain = all.get(name) ?? chainDraft(name, line)
    all.set(name, { ...chain, lines: [...chain.lines, { text, line, shown: `${text} (taken: not in the dump)` }] })
    added.push(text)
  }
  const jumps = table === 'nat' ? jumpsOf(all) : new Map<string, string>()
  if (jumps.has('KUBE-MARK-MASQ'))
    for (const [name, rules] of Object.entries(fixed))
      if ((all.get(name)?.lines.length ?? 0) === 0) for (const rule of rules) add(name, rule)
  for (const [name, text] of jumps) {
    const endpoint = all.has(name) ? undefined : endpointIn(text)
    if (name.startsWith('KUBE-SEP-') && endpoint !== undefined) add(name, `-j DNAT --to-destination ${endpoint}`)
  }
  for (const { table: its, chain, rule, to } of links)
    if (its === table && (all.get(to)?.lines.length ?? 0) > 0 && !leadsTo(all.get(chain), to)) add(chain, rule)
  return { all, links: added }
}

/** `default/web:http -> 10.244.1.4:8080`: since 1.24 the comment says which endpoint a chain is of. */
const endpointIn = (text: string): string | undefined => /"\S+ -> (\S+:\d+)"/.exec(text)?.[1]

/** Where rules jump to, each with a rule that does. */
const jumpsOf = (chains: ReadonlyMap<string, IptablesChain>): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const { lines } of chains.values()) for (const { text } of lines) found.set(glance(text).target, text)
  return found
}

const leadsTo = (chain: IptablesChain | undefined, target: string): boolean =>
  chain?.lines.some(({ text }) => glance(text).target === target) ?? false
