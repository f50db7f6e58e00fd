import { setImmediate as others } from 'node:timers/promises'
import type { PlaneName } from '../../dataplane/plane.ts'
import type { SchedulerName } from '../../model/frontend.ts'
import type { RunOutcome, Scenario, Scheduler } from '../../simulate/model.ts'
import { simulateOnce } from '../../simulate/simulate.ts'
import { randomBelow, seededRandom } from '../../util/random.ts'

/** enough that a run which nobody would put down to luck stands out among as many runs as a scenario has */
const simulatedRuns = 2000

/** How runs of a scenario are simulated. */
export interface Simulated {
  /** decides all runs */
  readonly seed: string
  readonly signal: AbortSignal
  /** default `simulatedRuns` */
  readonly runs?: number
}

/**
 * What simulated runs of a scenario come to: a row of quantities each. The same scenario and seed give the same rows. A function makes another
 * scenario for each run. Others have their turn after each run: rejects with the signal's reason as soon as it aborts.
 */
export const simulatedRows = async (
  scenario: Scenario | ((run: number) => Scenario),
  { seed, signal, runs = simulatedRuns }: Simulated,
  quantitiesOf: (outcome: RunOutcome) => readonly number[],
): Promise<readonly (readonly number[])[]> => {
  const rows: (readonly number[])[] = []
  for (let run = 0; run < runs; run++) {
    signal.throwIfAborted()
    rows.push(quantitiesOf(simulateOnce(typeof scenario === 'function' ? scenario(run) : scenario, seed, run)))
    await others()
  }
  return rows
}

/** Clients have other addresses in each run: for what hashes them, which otherwise does the same again. */
export const withOtherAddresses =
  (scenario: Scenario, seed: string): ((run: number) => Scenario) =>
  (run) => {
    const random = seededRandom(`addresses ${seed} ${run}`)
    return {
      ...scenario,
      clients: scenario.clients.map((group, i) => ({
        ...group,
        address: `10.${100 + i}.${randomBelow(random, 128)}.${randomBelow(random, 128)}`,
      })),
    }
  }

/** The simulator's name of what a plane does by a scheduler; planes that fill slot tables do it as nftables does. */
export const simulatedScheduler = (plane: PlaneName, scheduler: SchedulerName): Scheduler => {
  if (plane === 'ipvs' && scheduler !== 'maglev' && scheduler !== 'random') return `ipvs-${scheduler}`
  switch (scheduler) {
    case 'random':
      return plane === 'iptables' ? 'iptables-random' : 'nft-random'
    case 'rr':
      return 'nft-rr'
    case 'sh':
    case 'dh':
      return 'nft-sh'
    case 'maglev':
      return plane === 'ipvs' ? 'ipvs-mh' : 'maglev'
    case 'lc':
    case 'sed':
    case 'nq':
      return 'lc'
  }
}
