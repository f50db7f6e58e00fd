import type { Path } from '../../sources/faults.ts'
import { problemsOf } from '../check.ts'
import type { Policy, Scenario } from '../model.ts'
import { meanOf } from '../random.ts'
import type { ScenarioDocument } from './fields.ts'
import { clientGroups } from './resolve.ts'
import type { ShapeFault } from './shape.ts'

/** as many as the engine keeps */
const mostSamples = 100_000

/** What the engine would refuse besides: nothing, if the fields' own bounds and `checkScenario` are right. */
export const engineFaults = (scenario: Scenario, policies: readonly Policy[]): readonly ShapeFault[] => {
  const faults = policies.flatMap((policy) => problemsOf({ ...scenario, policy }))
  const unique = new Map(faults.map(({ path, problem }) => [`${path} ${problem}`, { path: [path], message: problem }]))
  return [...unique.values()]
}

/** What contradicts itself, or would change nothing. */
export const checkScenario = (document: ScenarioDocument, scenario: Scenario): readonly ShapeFault[] => [
  ...checkTimes(document, scenario),
  ...checkPods(document, scenario),
  ...checkClients(document, scenario),
  ...checkNodes(scenario),
]

function* checkTimes({ events = [] }: ScenarioDocument, scenario: Scenario): Generator<ShapeFault> {
  const { seconds, warmUpSeconds, sampleSeconds } = scenario
  if (sampleSeconds > seconds) yield { path: ['sample'], message: `is longer than the duration of ${seconds} s` }
  if (seconds / sampleSeconds > mostSamples)
    yield { path: ['sample'], message: `is too short for the duration: at most ${mostSamples} samples of ${seconds} s` }
  for (const [index, { at }] of events.entries()) {
    if (at > seconds)
      yield { path: ['events', index, 'at'], message: `is after the end, at ${seconds} s: it would never happen` }
    if (at < -warmUpSeconds)
      yield {
        path: ['events', index, 'at'],
        message: `is before the beginning, at ${-warmUpSeconds} s: make warmUp longer`,
      }
  }
}

function* checkPods({ pods, events = [] }: ScenarioDocument, scenario: Scenario): Generator<ShapeFault> {
  const lists = Array.isArray(pods)
  const faults = new Map<string, ShapeFault>()
  let at = 0
  const groups = typeof pods === 'number' ? [] : 'count' in pods ? [pods] : pods
  for (const [index, { count }] of groups.entries()) {
    const pod = scenario.pods[at]
    at += count
    if (pod === undefined) continue
    const path: Path = lists ? ['pods', index] : ['pods']
    if (pod.lameDuckSeconds > pod.graceSeconds)
      faults.set(String(index), {
        path: [...path, 'lameDuck'],
        message: `is longer than grace, ${pod.graceSeconds} s: the pod would be gone before`,
      })
    if (pod.startsAt > scenario.seconds)
      yield { path: [...path, 'startsAt'], message: `is after the end, at ${scenario.seconds} s` }
  }
  yield* faults.values()
  for (const [index, event] of scenario.events.entries()) {
    if (!('template' in event)) continue
    const { lameDuckSeconds, graceSeconds } = event.template
    // events come in the order of their times: the one in the file is found by its time
    const place = events.findIndex(({ at }) => at === event.at)
    if (lameDuckSeconds > graceSeconds)
      yield {
        path: ['events', place < 0 ? index : place],
        message: `makes pods whose lameDuck of ${lameDuckSeconds} s is longer than their grace, ${graceSeconds} s`,
      }
  }
  if (scenario.events.some(({ kind }) => kind === 'drain') && scenario.nodes.length < 2)
    yield { path: ['events'], message: 'drains the only node: its pods would have nowhere to go' }
}

function* checkClients(document: ScenarioDocument, { clients, seconds, measure }: Scenario): Generator<ShapeFault> {
  for (const [index, { path }] of clientGroups(document).entries()) {
    const group = clients[index]
    if (group === undefined) continue
    if (group.traffic.kind === 'arrivals' && group.requests.perSecond > 0)
      yield {
        path: [...path, 'requests', 'perSecond'],
        message: 'does not go with arrivals: their requests are perConnection',
      }
    if (group.traffic.kind !== 'arrivals' && meanOf(group.traffic.life) === 0)
      yield {
        path: [...path, 'life'],
        message: 'must be more than 0s: connections would end and come again without end',
      }
    if (group.startsAt > seconds) yield { path: [...path, 'startsAt'], message: `is after the end, at ${seconds} s` }
    if (group.stopsAt <= group.startsAt) yield { path: [...path, 'stopsAt'], message: 'is not after startsAt' }
    if (group.startSpreadSeconds > 0 && group.startsAt === Number.NEGATIVE_INFINITY)
      yield { path: [...path, 'startSpread'], message: 'has no effect without startsAt' }
    if (group.clientsPerAddress > group.count)
      yield { path: [...path, 'clientsPerAddress'], message: `is more than the ${group.count} clients there are` }
  }
  const asks = clients.some(({ requests }) => requests.perSecond > 0 || requests.perConnection > 0)
  if (!asks && ['requests', 'bytes', 'work'].includes(measure))
    yield { path: ['measure'], message: `${measure}: no client sends a request` }
}

function* checkNodes({ nodes, policy }: Scenario): Generator<ShapeFault> {
  if (policy.trafficDistribution === 'PreferSameZone' && nodes.every(({ zone }) => zone === null))
    yield { path: ['policy', 'trafficDistribution'], message: 'PreferSameZone: no node has a zone (nodes[].zone)' }
}
