import type { IptablesObject, RuleObject } from '../../src/dataplane/iptables/objects.ts'

/** Objects as iptables-save would print them of an empty kernel: chains of ours by name, then rules by chain; one part for each table. */
export const iptablesText = (objects: readonly IptablesObject[], family: 'ip' | 'ip6'): string => {
  const mine = objects.filter((object) => object.family === family)
  return ['mangle', 'nat', 'filter']
    .map((table) =>
      tableText(
        table,
        mine.filter((object) => object.table === table),
      ),
    )
    .filter(Boolean)
    .join('')
}

const tableText = (table: string, objects: readonly IptablesObject[]): string => {
  const rules = new Map<string, string[]>()
  const builtin = objects.filter(({ kind }) => kind !== 'rule').map(({ chain }) => chain)
  for (const chain of [...builtin].sort()) rules.set(chain, [])
  for (const object of objects) if (object.kind === 'chain') rules.get(object.chain)?.push(...object.rules)
  const single = objects.filter((object): object is RuleObject => object.kind === 'rule')
  for (const { chain, rule } of single.filter(({ place }) => place === 'head'))
    rules.set(chain, [rule, ...(rules.get(chain) ?? [])])
  for (const { chain, rule } of single.filter(({ place }) => place === 'tail'))
    rules.set(chain, [...(rules.get(chain) ?? []), rule])
  if (rules.size === 0) return ''
  return [
    `*${table}`,
    ...[...rules.keys()].filter((chain) => /^(KUBE|EVENKEEL)-/.test(chain)).map((chain) => `:${chain} - [0:0]`),
    ...[...rules].flatMap(([chain, lines]) => lines.map((line) => `-A ${chain} ${line}`)),
    'COMMIT\n',
  ].join('\n')
}
