import type { Jump, Table } from '../../rules/model.ts'
import { joinPieces } from './nft-rules/pieces.ts'
import type { NftRuleset } from './nft-rules/ruleset.ts'
import { readNftText } from './nft-text/index.ts'
import type { DumpProblem } from './problem.ts'

/**
 * Pieces of kube-proxy's table (`nft list chain`, `nft list map`, what somebody thought the interesting part) without the chains at
 * the hooks: these, and what marks and masquerades, are added as kube-proxy has them since 1.29 (pkg/proxy/nftables/proxier.go), and told.
 */
export const linkPieces = (ruleset: NftRuleset): NftRuleset => {
  const problems: DumpProblem[] = []
  const tables = ruleset.tables.map((table) => {
    const links = linksOf(table)
    if (links === '') return table
    const added = readNftText(`table ${table.family} ${table.name} {\n${links}}\n`, TAKEN).tables[0]
    const pieces = added === undefined ? undefined : joinPieces(table, added)
    if (pieces?.kind !== 'joined') return table
    problems.push(told(table, links))
    return pieces.table
  })
  return problems.length === 0 ? ruleset : { ...ruleset, tables, problems: [...ruleset.problems, ...problems] }
}

/** In place of a file: nobody's dump has them. */
const TAKEN = 'as kube-proxy has it'

const told = ({ family, name, chains, sets }: Table, links: string): DumpProblem => {
  const [first] = chains.values()
  const names = Array.from(links.matchAll(/^(?:chain|map) (\S+)/gm), ([, chain = '']) => chain)
  return {
    file: first?.file ?? '',
    ...(first?.line !== undefined && { line: first.line }),
    text: `a part of table ${family} ${name} (${chains.size} chains, ${sets.size} sets): ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not here and taken as kube-proxy has them; give the whole output of nft list ruleset`,
    doubt: true,
  }
}

/** The chains that are missing; '' where the table begins at hooks, or is not kube-proxy's. */
const linksOf = (table: Table): string => {
  const { name, family, chains, sets } = table
  if (name !== 'kube-proxy' || family === 'inet') return ''
  if ([...chains.values()].some(({ hook }) => hook?.type === 'nat')) return ''
  const frontends = sets.has('service-ips') ? '' : frontendsOf(table)
  if (!chains.has('services') && !sets.has('service-ips') && frontends === '') return ''
  const missing = (chain: string, ...lines: readonly string[]): string =>
    chains.has(chain) ? '' : `chain ${chain} {\n${lines.join('\n')}\n}\n`
  const nodePorts = sets.has('nodeport-ips') ? `${family} daddr @nodeport-ips` : 'fib daddr type local'
  return [
    frontends,
    ...endpointsOf(table),
    missing('nat-prerouting', 'type nat hook prerouting priority dstnat; policy accept;', 'jump services'),
    missing('nat-output', 'type nat hook output priority -100; policy accept;', 'jump services'),
    missing('nat-postrouting', 'type nat hook postrouting priority srcnat; policy accept;', 'jump masquerading'),
    missing(
      'services',
      `${family} daddr . meta l4proto . th dport vmap @service-ips`,
      ...(sets.has('service-nodeports') ? [`${nodePorts} meta l4proto . th dport vmap @service-nodeports`] : []),
    ),
    missing('masquerading', 'meta mark & 0x00004000 != 0x00000000 masquerade fully-random'),
    missing('mark-for-masquerade', 'meta mark set meta mark | 0x00004000'),
  ].join('')
}

/** The map of frontends, from the rule at the head of each Service's chain that says for which address and port it is; '' there is none. */
const frontendsOf = ({ family, chains }: Table): string => {
  const elements: string[] = []
  for (const { name, rules } of chains.values()) {
    if (!name.startsWith('service-')) continue
    const [, address, protocol, port] =
      /^ip6? daddr (\S+) (tcp|udp|sctp) dport (\d+) .*mark-for-masquerade/.exec(rules[0]?.text?.trim() ?? '') ?? []
    if (address !== undefined) elements.push(`${address} . ${protocol} . ${port} : goto ${name}`)
  }
  if (elements.length === 0) return ''
  const addresses = family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr'
  return `map service-ips {
type ${addresses} . inet_proto . inet_service : verdict
elements = { ${elements.join(', ')} }
}
`
}

/** The chains of endpoints that are led to and not here: their names say where they translate to. */
const endpointsOf = ({ family, chains, sets }: Table): readonly string[] => {
  const names = new Set<string>()
  const add = (jump: Jump): void => {
    if ('chain' in jump && jump.chain.startsWith('endpoint-') && !chains.has(jump.chain)) names.add(jump.chain)
  }
  for (const { rules } of chains.values())
    for (const { statements } of rules)
      for (const statement of statements) if (statement.kind === 'jump') add(statement.jump)
  for (const set of sets.values())
    for (const [, value] of set.entries?.() ?? []) if (value.to === 'jump') add(value.jump)
  return Array.from(names, (name) => {
    const [, protocol, address = '', port] = /\/(tcp|udp|sctp)\/[^/]*__([\d.]+|[\da-f:.]+)\/(\d+)$/.exec(name) ?? []
    if (protocol === undefined) return ''
    const to = family === 'ip6' ? `[${address}]:${port}` : `${address}:${port}`
    return `chain ${name} {
${family} saddr ${address} jump mark-for-masquerade
meta l4proto ${protocol} dnat to ${to}
}
`
  })
}
