import type { LoadUnit } from '../observation.ts'
import type { LoadRow, Row } from './rows.ts'
import { counterOf } from './table-observation.ts'

/**
 * One row for each backend and who counted, of those that tell different things of it: `kubectl top pods` its CPU, a table its connections.
 * Throws where two tell the same, with the places of both.
 */
export const mergeLoads = (rows: readonly Row[]): readonly Row[] => {
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

const merged = (before: LoadRow, row: LoadRow): LoadRow => {
  const both = (Object.keys(row.values) as LoadUnit[]).some((unit) => unit in before.values)
  if (both || (before.expected !== undefined && row.expected !== undefined))
    throw new Error(`${row.where}: ${row.backend} is there twice (see ${before.where}): which count is right?`)
  return { ...row, ...before, values: { ...before.values, ...row.values } }
}
