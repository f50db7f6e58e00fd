import { dealtLoads } from './cluster.ts'
import type { CostPoint } from './cost.ts'
import { type Bench, measureLoads } from './measure.ts'

/** as long as a run: the meter's noise is that of its time */
export const measuredSeconds = 5

/** Fewer tell nothing of the meter's noise. */
export const fewestPods = 3

/** Three to nine connections, from pod to pod: what luck gives to pods. */
const staircase = (pods: number): readonly number[] =>
  Array.from({ length: pods }, (_, i) => 3 + Math.round((6 * i) / (pods - 1)))

/** Which of the measurements, from 0. */
export interface Turn {
  readonly turn: number
  readonly progress: (text: string) => void
}

/**
 * What connections cost here: known numbers of them on the pods, each time the other way round, so that neither a pod's place nor its
 * number is mistaken for a cost.
 */
export const measureCost = async (bench: Bench, { turn, progress }: Turn): Promise<readonly CostPoint[]> => {
  const up = staircase(bench.bouncers.length)
  const counts = turn % 2 === 0 ? up : up.toReversed()
  progress(`what connections cost: ${counts.join(', ')} on the pods`)
  const uses = await measureLoads(bench, await dealtLoads(bench, counts, `costs ${turn}`), measuredSeconds)
  return uses.map(({ connections, millicores }) => ({ connections, cpu: millicores }))
}
