import type { Claim, FigureTable, ImbalanceRun } from '../report.ts'
import { checkConnections } from '../limits.ts'
import { imbalanceResult, nameOfRun } from '../result.ts'
import type { RunImbalance } from '../scenario.ts'
import { runTrials } from '../trials.ts'
import { fewestPods, measureCost } from './calibration.ts'
import { podsOf, serviceOf, startBenchServers } from './cluster.ts'
import { type CostPoint, fitCost } from './cost.ts'
import { atRandom, type Chances, chancesOf, inTurn } from './luck.ts'
import { lightest, oneRun } from './one-run.ts'
import { findPrograms } from './programs.ts'

/** as published, in millicores */
const picture = [977, 995, 585, 993]

const claim: Claim = {
  text: 'four PgBouncer pods behind one Service, and one of them does much less than the others (kubectl top pods)',
  source: null,
  numbers: picture,
  unit: 'millicores',
}

/** few, and a multiple of pods × nodes, so that taking turns is exactly even */
const usualConnections = 24
const mostConnections = 500

/** measurements of what connections cost, before the first run */
const fewestCosts = 4

/**
 * Few long-lived connections to PgBouncer pods behind one Service: how many each gets, what CPU it uses for them, and how often luck alone makes a
 * picture like the published one. Throws where the programs are not installed.
 */
export const runPgbouncer: RunImbalance = async (options) => {
  const { seed, level, signal, progress } = options
  const programs = await findPrograms()
  const connections = options.connections ?? usualConnections
  checkConnections('pgbouncer', connections, mostConnections)
  const nodes = options.nodes ?? 2
  const pods = options.pods ?? picture.length
  if (pods < fewestPods) throw new RangeError(`the scenario pgbouncer needs --pods ${fewestPods} or more, not ${pods}`)
  // what connections cost is the machine's, not the plane's: asked before each run, and all that is known counts
  const costs: (readonly CostPoint[])[] = []
  const { results: runs, skipped } = await runTrials(
    options,
    { scenario: 'pgbouncer', nodes, pods: podsOf(pods, nodes), services: serviceOf(), schedulers: ['rr', 'random'] },
    {
      prepare: (lab) => startBenchServers(lab, programs, signal),
      async run(trial, bench) {
        const enough = Math.max(fewestCosts, costs.length + 1)
        while (costs.length < enough) costs.push(await measureCost(bench, { turn: costs.length, progress }))
        return [await oneRun(trial, bench, { connections, cost: fitCost(costs), picture, level })]
      },
    },
  )
  const chances = chancesBy(connections, nodes, seed)
  return imbalanceResult(options, {
    scenario: 'pgbouncer',
    claims: [claim],
    runs,
    skipped,
    tables: [luckTable(chances)],
    findings: [...runs.map(finding), luckFinding(connections, chances)],
  })
}

const draws = 20_000

interface BothChances {
  readonly random: Chances
  readonly turns: Chances
}

const chancesBy = (connections: number, nodes: number, seed: number): readonly BothChances[] =>
  [...new Set([8, 12, 24, 48, 100, 200, 500, connections])]
    .toSorted((a, b) => a - b)
    .map((count) => {
      const options = { draws, seed: `luck ${seed}` }
      return {
        random: chancesOf(picture, count, { ...options, deal: atRandom(picture.length) }),
        turns: chancesOf(picture, count, { ...options, deal: inTurn(picture.length, nodes) }),
      }
    })

const luckTable = (chances: readonly BothChances[]): FigureTable => ({
  title: `how often ${picture.join('/')} comes of luck alone, four pods (${draws} draws each)`,
  header: ['CONNECTIONS', 'AS UNEVEN', 'LIGHTEST AS LIGHT', 'AS FAR BEHIND THE NEXT', 'AS UNEVEN BY TURNS'],
  rows: chances.map(({ random, turns }) => [
    random.connections,
    percent(random.asUneven),
    percent(random.asLight),
    percent(random.asFarBehind),
    percent(turns.asUneven),
  ]),
})

const percent = (share: number): string => {
  if (share === 0) return 'never'
  return `${share >= 0.1 ? (100 * share).toFixed(0) : (100 * share).toPrecision(2)} %`
}

const finding = (run: ImbalanceRun): string => {
  const cpu = run.predicted.filter(({ unit }) => unit === 'millicores').map(({ value }) => value)
  return `${nameOfRun(run)}: the lightest pod used ${lightest(cpu)} of the mean (published: ${lightest(picture)})`
}

const luckFinding = (connections: number, chances: readonly BothChances[]): string => {
  const own = chances.find(({ random }) => random.connections === connections)
  if (own === undefined) return ''
  return `with ${connections} connections luck alone is as uneven as published in ${percent(own.random.asUneven)} of all cases, taking turns in ${percent(own.turns.asUneven)}`
}
