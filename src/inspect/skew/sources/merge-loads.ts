import type { LoadUnit } from '../observation.ts'
import type { LoadRow, Row } from './rows.ts'
import { counterOf } from './table-observation.ts'

/**
 * One row for each backend and who counted, of those that tell different things of it: `kubectl top pods` its CPU, a table its connections.
 * `web-0` (of `kubectl top pods`) is `shop/web-0` where only one namespace has such a pod. Throws where two tell the same, with the places of
 * both.
 */
export const mergeLoads = (given: readonly Row[]): readonly Row[] => {
  const nameOf = namesWithNamespace(given)
  const rows = given.map((row): Row => {
    const backend = nameOf.get(row.backend)
    return backend === undefined ? row : { ...row, backend }
  })
  const loads = new Map<string, LoadRow>()
  const others: Row[] = []
  for (const row of rows) {
    if (row.kind !== 'load') {
      others.push(row)
      continue
    }
    const key = JSON.stringify([row.service, row.backend, counterOf(row)])
    const before = loads.get(key)
    loads.set(key, before === undefined ? row : merged(before, row))
  }
  return [...loads.values(), ...others]
}

/** Of pods that some rows name with their namespace: the short name → that name, unless several have it. */
const namesWithNamespace = (rows: readonly Row[]): ReadonlyMap<string, string> => {
  const names = new Map<string, string>()
  const several = new Set<string>()
  for (const { backend } of rows) {
    const [, short] = backend.split('/')
    if (short === undefined) continue
    if ((names.get(short) ?? backend) !== backend) several.add(short)
    names.set(short, backend)
  }
  for (const short of several) names.delete(short)
  return names
}

const merged = (before: LoadRow, row: LoadRow): LoadRow => {
  const both = (Object.keys(row.values) as LoadUnit[]).some((unit) => unit in before.values)
  if (both || (before.expected !== undefined && row.expected !== undefined))
    throw new Error(`${row.where}: ${row.backend} is there twice (see ${before.where}): which count is right?`)
  return { ...row, ...before, values: { ...before.values, ...row.values } }
}
