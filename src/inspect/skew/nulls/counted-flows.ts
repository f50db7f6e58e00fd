import { sum } from '../../statistics/index.ts'
import type { Flow, LoadUnit, Observation } from '../observation.ts'

/** Flows whose sums differ from the counts by a larger share are another set of connections. */
const sameWithin = 0.05

/** Those to backends that are observed. */
export const knownFlows = ({ flows = [], backends }: Observation): readonly Flow[] => {
  const names = new Set(backends.map(({ name }) => name))
  return flows.filter(({ backend }) => names.has(backend))
}

/** Per backend. */
export const tally = (
  { backends }: Observation,
  flows: readonly Flow[],
  weightOf: (flow: Flow) => number,
): readonly number[] => {
  const totals = new Map(backends.map(({ name }) => [name, 0]))
  for (const flow of flows) totals.set(flow.backend, (totals.get(flow.backend) ?? 0) + weightOf(flow))
  return backends.map(({ name }) => totals.get(name) ?? 0)
}

/** What a flow carries; of CPU time the next best that is known. */
export const weightIn =
  (unit: LoadUnit) =>
  (flow: Flow): number => {
    switch (unit) {
      case 'connections':
        return 1
      case 'bytes':
        return flow.bytes ?? 0
      case 'requests':
        return flow.requests ?? 0
      case 'cpu':
        return flow.cpu ?? flow.requests ?? flow.bytes ?? 1
    }
  }

const isOpen = ({ closedAt }: Flow): boolean => closedAt === null || closedAt === undefined

/** The flows that the counts are made of; null: none are given, or they are others. */
export const flowsBehind = (observation: Observation, counts: readonly number[]): readonly Flow[] | null => {
  const { unit, facts } = observation
  const flows = knownFlows(observation)
  if (flows.length === 0) return null
  if (unit === 'cpu') return flows
  const open = flows.filter(isOpen)
  const candidates =
    unit !== 'connections' || facts.counted === 'opened' ? [flows] : facts.counted === 'open' ? [open] : [flows, open]
  return candidates.find((some) => agree(tally(observation, some, weightIn(unit)), counts)) ?? null
}

/** Two counts of the same connections, but for some that came or went between. */
export const agree = (ours: readonly number[], counts: readonly number[]): boolean =>
  sum(ours.map((total, i) => Math.abs(total - (counts[i] ?? 0)))) <= sameWithin * sum(counts)
