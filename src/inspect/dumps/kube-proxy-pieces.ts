import type { Table } from '../../rules/model.ts'
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
  const names = Array.from(links.matchAll(/chain (\S+)/g), ([, chain = '']) => chain)
  return {
    file: first?.file ?? '',
    ...(first?.line !== undefined && { line: first.line }),
    text: `a part of table ${family} ${name} (${chains.size} chains, ${sets.size} sets): ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not here and taken as kube-proxy has them; give the whole output of nft list ruleset`,
    doubt: true,
  }
}

/** The chains that are missing; '' where the table begins at hooks, or is not kube-proxy's. */
const linksOf = ({ name, family, chains, sets }: Table): string => {
  if (name !== 'kube-proxy' || family === 'inet') return ''
  if ([...chains.values()].some(({ hook }) => hook?.type === 'nat')) return ''
  if (!chains.has('services') && !sets.has('service-ips')) return ''
  const missing = (chain: string, ...lines: readonly string[]): string =>
    chains.has(chain) ? '' : `chain ${chain} {\n${lines.join('\n')}\n}\n`
  const nodePorts = sets.has('nodeport-ips') ? `${family} daddr @nodeport-ips` : 'fib daddr type local'
  return [
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
