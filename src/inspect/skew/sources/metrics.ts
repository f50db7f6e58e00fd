import { faultOfCount } from './limits.ts'
import type { LoadRow } from './rows.ts'

const CONNECTIONS = 'evenkeel_backend_connections_total'
const EXPECTED = 'evenkeel_backend_expected_connections_total'

/** Is it what an agent's /metrics says? */
export const isMetrics = (text: string): boolean => text.includes(`${CONNECTIONS}{`)

/**
 * New connections by backend from an agent's /metrics (text format of Prometheus), its frontends of one Service port added up; and what each should
 * have had by weight, where the agent says so of all. `countedBy`: the agent's node, '' not known. Throws for counts that are none.
 */
export const readMetrics = (text: string, file: string, countedBy: string): readonly LoadRow[] => {
  const rows = new Map<string, { row: LoadRow; connections: number; expected: number | null }>()
  for (const [index, line] of text.split('\n').entries()) {
    const [, metric, labels = '', value = ''] = /^(\w+)\{(.*)\} (\S+)/.exec(line) ?? []
    if (metric !== CONNECTIONS && metric !== EXPECTED) continue
    const where = `${file}:${index + 1}`
    const row = rowOf(labelsOf(labels), where, countedBy)
    const key = `${row.service} ${row.backend}`
    const known = rows.get(key) ?? { row, connections: 0, expected: null }
    if (metric === CONNECTIONS) known.connections += countIn(value, where)
    else known.expected = (known.expected ?? 0) + Number(value)
    rows.set(key, known)
  }
  const all = [...rows.values()]
  const expects = Map.groupBy(all, ({ row }) => row.service)
  return all.map(({ row, connections, expected }) => {
    const said = expects.get(row.service)?.every((one) => one.expected !== null) === true
    return { ...row, values: { connections }, ...(said && expected !== null ? { expected } : {}) }
  })
}

const countIn = (text: string, where: string): number => {
  const count = Number(text)
  const fault = faultOfCount(count, 'connections')
  if (fault !== '') throw new Error(`${where}: ${CONNECTIONS} ${fault}`)
  return count
}

const rowOf = (labels: ReadonlyMap<string, string>, where: string, countedBy: string): LoadRow => {
  const of = (name: string): string => labels.get(name) ?? ''
  const service = `${of('namespace')}/${of('service')}`
  return {
    kind: 'load',
    service: of('port') === '' ? service : `${service}:${of('port')}`,
    backend: of('pod') === '' ? of('backend') : `${of('namespace')}/${of('pod')}`,
    values: {},
    ...(of('node') === '' ? {} : { node: of('node') }),
    ...(countedBy === '' ? {} : { countedBy }),
    where,
  }
}

const labelsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    Array.from(text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  )
