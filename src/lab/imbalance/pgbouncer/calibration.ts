import { directLoads } from './cluster.ts'
import { type CostModel, type CostPoint, fitCost } from './cost.ts'
import { type Bench, measureLoads } from './measure.ts'

/** of each of the two measurements */
const seconds = 3

/** Fewer tell nothing of the meter's noise. */
export const fewestPods = 3

/** Two to ten connections, from pod to pod. */
const staircase = (pods: number): readonly number[] =>
  Array.from({ length: pods }, (_, i) => 2 + Math.round((8 * i) / (pods - 1)))

/**
 * What connections cost here: known numbers of them straight to the pods, then the other way round, so that neither a pod's place nor its number
 * is mistaken for a cost.
 */
export const measureCost = async (bench: Bench, progress: (text: string) => void): Promise<CostModel> => {
  const up = staircase(bench.bouncers.length)
  const series: (readonly CostPoint[])[] = []
  for (const counts of [up, up.toReversed()]) {
    progress(`what connections cost: ${counts.join(', ')} straight to the pods`)
    const uses = await measureLoads(bench, directLoads(bench, counts), seconds)
    series.push(uses.map(({ connections, millicores }) => ({ connections, cpu: millicores })))
  }
  return fitCost(series)
}
