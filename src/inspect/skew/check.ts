import type { Observation } from './observation.ts'

const isAmount = (x: number): boolean => Number.isFinite(x) && x >= 0

const requireAmounts = (amounts: readonly number[], path: string, length: number): void => {
  if (amounts.length !== length)
    throw new RangeError(`${path} has ${amounts.length} entries, there are ${length} backends`)
  const index = amounts.findIndex((x) => !isAmount(x))
  if (index >= 0) throw new RangeError(`${path}[${index}] is ${amounts[index]}, not a number from 0`)
}

/** Throws RangeError with the path of what cannot be: a negative count, a name that comes twice, a list of another length. */
export const checkObservation = ({ backends, nodes = [], flows = [], facts, unit }: Observation): void => {
  if (backends.length === 0) throw new RangeError('backends: there are none')
  const names = new Set<string>()
  for (const [i, backend] of backends.entries()) {
    if (names.has(backend.name)) throw new RangeError(`backends[${i}].name: ${backend.name} comes twice`)
    names.add(backend.name)
    for (const field of ['count', 'connections', 'opened', 'expectedOdds', 'weight'] as const) {
      const amount = backend[field]
      if (amount !== undefined && !isAmount(amount))
        throw new RangeError(`backends[${i}].${field} of ${backend.name} is ${amount}, not a number from 0`)
    }
    if (unit === 'connections' && !Number.isSafeInteger(backend.count))
      throw new RangeError(
        `backends[${i}].count of ${backend.name} is ${backend.count}, not a whole number of connections`,
      )
  }
  for (const [j, node] of nodes.entries()) {
    requireAmounts(node.counts, `nodes[${j}].counts (${node.node})`, backends.length)
    if (node.odds !== null) requireAmounts(node.odds, `nodes[${j}].odds (${node.node})`, backends.length)
  }
  if (facts.bypassed !== undefined) requireAmounts(facts.bypassed, 'facts.bypassed', backends.length)
  for (const [i, flow] of flows.entries())
    for (const field of ['bytes', 'requests', 'cpu'] as const) {
      const amount = flow[field]
      if (amount !== undefined && !isAmount(amount))
        throw new RangeError(`flows[${i}].${field} is ${amount}, not a number from 0`)
    }
}
