import type { FakeChain, FakeRuleset, FakeSet, FakeTable } from './fake-ruleset.ts'
import { hex } from './fake-ruleset.ts'
import type { NftElement, NftExpr, NftVerdict } from './types.ts'

/** Sorted text of everything in the fake, so that two states compare and a failed test can be read. */
export const dumpRuleset = (ruleset: FakeRuleset): string =>
  [...ruleset.tables.values()].map(dumpTable).sort().join('\n')

const dumpTable = (table: FakeTable): string =>
  [
    `table ${table.family} ${table.name}`,
    ...[...table.counters.keys()].map((name) => `  counter ${name}`).sort(),
    ...[...table.sets.values()].map(dumpSet).sort(),
    ...[...table.chains.values()].map(dumpChain).sort(),
  ].join('\n')

const dumpSet = ({ spec, elements }: FakeSet): string => {
  const data = spec.data === null ? '' : ` : ${spec.data === 'verdict' ? 'verdict' : spec.data.join(' . ')}`
  const head = `  set ${spec.name} { ${spec.key.join(' . ')}${data} }`
  return [head, ...[...elements.values()].map((element) => `    ${dumpElement(element)}`).sort()].join('\n')
}

const dumpElement = (element: NftElement): string => {
  const end = element.keyEnd === undefined ? '' : `-${hex(element.keyEnd)}`
  const data = element.data === undefined ? '' : ` : ${hex(element.data)}`
  return `${hex(element.key)}${end}${data}${element.verdict ? ` : ${dumpVerdict(element.verdict)}` : ''}`
}

const dumpChain = ({ spec, rules }: FakeChain): string => {
  const hook = spec.hook ? ` ${spec.hook.type} ${spec.hook.hook} ${spec.hook.priority} ${spec.hook.policy}` : ''
  const lines = rules.map((rule) => `    ${rule.expressions.map(dumpExpression).join(' ')}`)
  return [`  chain ${spec.name}${hook}`, ...lines].join('\n')
}

const dumpVerdict = (verdict: NftVerdict): string =>
  'chain' in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict

const dumpExpression = (expression: NftExpr): string => {
  if (expression.name === 'verdict') return `[${dumpVerdict(expression.verdict)}]`
  if (expression.name === 'counter') return '[counter]'
  const fields = Object.entries(expression)
    .filter(([field]) => field !== 'name')
    .map(
      ([field, value]) =>
        `${field}=${typeof value === 'string' && /[^\x20-\x7e]/.test(value) ? hex(value) : String(value)}`,
    )
  return `[${[expression.name, ...fields].join(' ')}]`
}
