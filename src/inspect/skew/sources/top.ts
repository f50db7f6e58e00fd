import type { DumpPart } from '../../dumps/cutting/parts.ts'
import { isTopHeader, isTopSum } from '../../dumps/cutting/dialect.ts'
import { millicores } from './quantity.ts'
import type { LoadRow, ReadRows } from './rows.ts'

/**
 * `kubectl top pods`: also with `-A` (a column of namespaces), `--containers` (a line for each container: a pod's are added up), `--sum`,
 * `--show-swap` and `--no-headers`. CPU becomes millicores.
 */
export const readTop = ({ file, line: first, text }: DumpPart): ReadRows => {
  const lines = text.split('\n')
  const places = placesOf(lines[0] ?? '', `${file}:${first}`)
  const rows = new Map<string, LoadRow>()
  const warnings: string[] = []
  for (const [index, line] of lines.entries()) {
    const where = `${file}:${first + index}`
    const cells = line.trim().split(/ +/)
    if (line.trim() === '' || isTopHeader(line) || isTopSum(line)) continue
    const pod = cells[places.pod] ?? ''
    const cpu = millicores(cells[places.cpu] ?? '')
    if (pod === '' || cpu === null) {
      warnings.push(`${where}: is no line of kubectl top pods: ${JSON.stringify(line.trim())}`)
      continue
    }
    const backend = places.namespace < 0 ? pod : `${cells[places.namespace]}/${pod}`
    const before = rows.get(backend)
    if (before !== undefined && !places.containers)
      throw new Error(`${where}: ${backend} is there twice (see ${before.where})`)
    const values = { cpu: (before?.values.cpu ?? 0) + cpu }
    rows.set(backend, { kind: 'load', service: null, backend, values, where: before?.where ?? where })
  }
  return { rows: [...rows.values()], warnings }
}

interface Places {
  /** -1: there is no such column */
  readonly namespace: number
  readonly pod: number
  readonly cpu: number
  /** a line for each container */
  readonly containers: boolean
}

/** Where the columns are, by the header; without one by how many names stand before the CPU. */
const placesOf = (line: string, where: string): Places => {
  const columns = line.trim().split(/ +/)
  const at = (name: string): number => columns.indexOf(name)
  if (isTopHeader(line))
    return {
      namespace: at('NAMESPACE'),
      pod: at('POD') < 0 ? at('NAME') : at('POD'),
      cpu: at('CPU(cores)'),
      containers: at('POD') >= 0,
    }
  const cpu = columns.findIndex((cell, i) => i > 0 && millicores(cell) !== null)
  if (cpu === 2)
    throw new Error(
      `${where}: without its header nobody knows whether the columns are namespace and pod (-A) or pod and container (--containers): keep the header of kubectl top pods`,
    )
  return { namespace: cpu === 3 ? 0 : -1, pod: cpu === 3 ? 1 : 0, cpu, containers: cpu === 3 }
}
