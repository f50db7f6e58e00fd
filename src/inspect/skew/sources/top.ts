import type { DumpPart } from '../../dumps/cut.ts'
import type { LoadRow, ReadRows } from './rows.ts'

/**
 * `kubectl top pods`: also with `-A` (a column of namespaces), `--containers` (a line for each container: a pod's are added up) and
 * `--no-headers` behind a header. CPU becomes millicores.
 */
export const readTop = ({ file, line: first, text }: DumpPart): ReadRows => {
  const [header = '', ...lines] = text.split('\n')
  const columns = header.trim().split(/ +/)
  const at = (name: string): number => columns.indexOf(name)
  const places = { namespace: at('NAMESPACE'), pod: at('POD') < 0 ? at('NAME') : at('POD'), cpu: at('CPU(cores)') }
  const rows = new Map<string, LoadRow>()
  const warnings: string[] = []
  for (const [index, line] of lines.entries()) {
    const where = `${file}:${first + 1 + index}`
    const cells = line.trim().split(/ +/)
    if (line.trim() === '') continue
    const pod = cells[places.pod] ?? ''
    const cpu = millicores(cells[places.cpu] ?? '')
    if (pod === '' || cpu === null) {
      warnings.push(`${where}: is no line of kubectl top pods: ${JSON.stringify(line.trim())}`)
      continue
    }
    const backend = places.namespace < 0 ? pod : `${cells[places.namespace]}/${pod}`
    const before = rows.get(backend)
    if (before !== undefined && at('POD') < 0)
      throw new Error(`${where}: ${backend} is there twice (see ${before.where})`)
    const values = { cpu: (before?.values.cpu ?? 0) + cpu }
    rows.set(backend, { kind: 'load', service: null, backend, values, where: before?.where ?? where })
  }
  return { rows: [...rows.values()], warnings }
}

const perMillicore: Readonly<Record<string, number>> = { '': 1000, m: 1, u: 1e-3, n: 1e-6 }

/** `977m`, `1` (cores), `250000n`; null: no quantity of CPU */
const millicores = (text: string): number | null => {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([mun])?$/.exec(text) ?? []
  return number === undefined ? null : Number(number) * (perMillicore[unit] ?? 1)
}
