import { describeElement } from '../../src/kernel/nftables/describe.ts'
import type { NftElement, NftSet } from '../../src/kernel/nftables/types.ts'
import type { ChainObject, ElementObject, NftObject, SetObject } from '../../src/dataplane/nftables/objects.ts'
import { printRule } from '../../src/rules/print.ts'

/** Longer sets are shown by their ends. */
const MOST_ELEMENTS = 12

/**
 * Objects as `nft list ruleset` would show them, near enough for people to check. `around`: objects that are there besides and
 * are not shown, but for those of their sets that have elements of these.
 */
export const nftText = (objects: readonly NftObject[], around: readonly NftObject[] = []): string => {
  const shown = new Map(objects.map((one) => [one.key, one]))
  for (const one of objects) {
    if (one.kind !== 'element') continue
    const key = `set ${one.family} ${one.table} ${one.set}`
    const set = around.find((other) => other.key === key)
    if (set !== undefined && !shown.has(key)) shown.set(key, set)
  }
  const tables = Map.groupBy(shown.values(), ({ family, table }) => `${family} ${table}`)
  return [...tables]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inside]) => tableText(name, inside))
    .join('\n')
}

const tableText = (name: string, objects: readonly NftObject[]): string => {
  const elements = objects.filter((object) => object.kind === 'element')
  const lines = objects.flatMap((object) => {
    switch (object.kind) {
      case 'table':
        return [`  comment "${object.comment}"`]
      case 'counter':
        return [`  counter ${object.counter.name} # ${object.counter.comment}`]
      case 'set':
        return setText(object, elements)
      case 'chain':
        return chainText(object)
      case 'element':
        return []
    }
  })
  return [`table ${name} {`, ...lines, '}', ''].join('\n')
}

const setText = ({ set }: SetObject, elements: readonly ElementObject[]): string[] => {
  const data = set.data === null ? '' : ` : ${set.data === 'verdict' ? 'verdict' : set.data.join(' . ')}`
  const flags = [
    set.interval ? 'interval' : '',
    set.dynamic ? `dynamic, size ${set.size}, timeout ${set.timeoutMs / 1000}s` : '',
    set.counter ? 'counter' : '',
  ].filter(Boolean)
  const own = elements
    .filter((one) => one.set === set.name)
    .map(({ element }) => `    ${describeElement(set, element)}${ledTo(set, element)}`)
  const shown =
    own.length <= MOST_ELEMENTS ? own : [...own.slice(0, 3), `    … ${own.length} elements`, ...own.slice(-2)]
  const head = `  ${set.data === null ? 'set' : 'map'} ${set.name} { ${set.key.join(' . ')}${data} }`
  return [`${head}${flags.length > 0 ? ` ${flags.join('; ')}` : ''} # ${set.comment}`, ...shown]
}

const ledTo = (set: NftSet, { data, verdict }: NftElement): string => {
  if (verdict !== undefined) return ` : ${'chain' in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict}`
  if (data === undefined || set.data === null || set.data === 'verdict') return ''
  return ` : ${describeElement({ ...set, key: set.data }, { key: data })}`
}

const chainText = ({ family, chain, rules }: ChainObject): string[] => {
  const { hook } = chain
  const at = hook === null ? '' : ` type ${hook.type} hook ${hook.hook} priority ${hook.priority}`
  const text =
    'model' in rules ? rules.model.map((rule) => `    ${printRule(rule, family === 'ip6' ? 'ip6' : 'ip')}`) : []
  return [`  chain ${chain.name} {${at} # ${chain.comment}`, ...text, '  }']
}
