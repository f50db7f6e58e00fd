import { addressNumber } from './address.ts'
import { isLayer7 } from './engine/population.ts'
import type { ClientGroup, Duration, PodTemplate, Scenario, ScenarioEvent } from './model.ts'
import { meanOf } from './random.ts'

/** What makes no sense in a scenario: where, and why. */
export interface ScenarioProblem {
  /** e.g. `clients[0].traffic.life` */
  readonly path: string
  readonly problem: string
}

/** Everything that would lead a run astray; empty: it can be simulated. */
export const problemsOf = (scenario: Scenario): readonly ScenarioProblem[] => [
  ...timeProblems(scenario),
  ...scenario.nodes.flatMap(({ lag }, i) => durationProblems(`nodes[${i}].lag`, lag)),
  ...podProblems(scenario),
  ...scenario.clients.flatMap((group, i) => groupProblems(scenario, group, `clients[${i}]`)),
  ...scenario.events.flatMap((event, i) => eventProblems(scenario, event, `events[${i}]`)),
  ...policyProblems(scenario),
]

/** Throws a RangeError that names the first problems. */
export const checkScenario = (scenario: Scenario): void => {
  const problems = problemsOf(scenario)
  if (problems.length === 0) return
  const shown = problems.slice(0, 5).map(({ path, problem }) => `${path}: ${problem}`)
  throw new RangeError([...shown, ...(problems.length > 5 ? [`and ${problems.length - 5} more`] : [])].join('; '))
}

const unless = (holds: boolean, path: string, problem: string): ScenarioProblem[] => (holds ? [] : [{ path, problem }])

const positive = (value: number): boolean => value > 0 && value < Infinity
const notNegative = (value: number): boolean => value >= 0 && value < Infinity
const wholeFrom = (least: number, value: number): boolean => Number.isSafeInteger(value) && value >= least

const timeProblems = (scenario: Scenario): ScenarioProblem[] => {
  const { seconds, sampleSeconds, warmUpSeconds, evenLimit, nodes } = scenario
  return [
    ...unless(positive(seconds), 'seconds', 'more than 0'),
    ...unless(positive(sampleSeconds), 'sampleSeconds', 'more than 0'),
    ...unless(seconds / sampleSeconds <= 100_000, 'sampleSeconds', 'at most 100,000 samples'),
    ...unless(notNegative(warmUpSeconds), 'warmUpSeconds', '0 or more'),
    ...unless(evenLimit > 1, 'evenLimit', 'more than 1'),
    ...unless(nodes.length > 0, 'nodes', 'at least one'),
  ]
}

const podProblems = ({ pods, nodes }: Scenario): ScenarioProblem[] =>
  pods.flatMap((pod, i) => [
    ...unless(nodes[pod.node] !== undefined, `pods[${i}].node`, `there is no node ${pod.node}`),
    ...unless(!Number.isNaN(addressNumber(pod.address)), `pods[${i}].address`, 'an IPv4 address'),
    ...unless(!Number.isNaN(pod.startsAt), `pods[${i}].startsAt`, 'a number'),
    ...templateProblems(pod, `pods[${i}]`),
  ])

const templateProblems = (template: PodTemplate, path: string): ScenarioProblem[] => {
  const { weight, capacity, cost, startup, probe, lameDuckSeconds, graceSeconds } = template
  return [
    ...unless(wholeFrom(0, weight) && weight <= 65_535, `${path}.weight`, 'a whole number from 0 to 65,535'),
    ...unless(capacity >= 0, `${path}.capacity`, '0 or more'),
    ...unless(notNegative(cost), `${path}.cost`, '0 or more'),
    ...durationProblems(`${path}.startup`, startup),
    ...unless(notNegative(lameDuckSeconds), `${path}.lameDuckSeconds`, '0 or more'),
    ...unless(
      graceSeconds >= lameDuckSeconds && graceSeconds < Infinity,
      `${path}.graceSeconds`,
      'at least lameDuckSeconds',
    ),
    ...(probe === null
      ? []
      : [
          ...unless(positive(probe.periodSeconds), `${path}.probe.periodSeconds`, 'more than 0'),
          ...unless(wholeFrom(1, probe.successThreshold), `${path}.probe.successThreshold`, 'a whole number from 1'),
          ...unless(wholeFrom(1, probe.failureThreshold), `${path}.probe.failureThreshold`, 'a whole number from 1'),
        ]),
  ]
}

const groupProblems = (scenario: Scenario, group: ClientGroup, path: string): ScenarioProblem[] => {
  const { count, nodes, clientsPerAddress, address, requests, startsAt, startSpreadSeconds, stopsAt } = group
  const missing = nodes.find((node) => scenario.nodes[node] === undefined)
  return [
    ...unless(wholeFrom(1, count), `${path}.count`, 'a whole number from 1'),
    ...unless(missing === undefined, `${path}.nodes`, `there is no node ${missing}`),
    ...unless(
      nodes.length > 0 || scenario.policy.loadBalancer !== null,
      `${path}.nodes`,
      'clients outside of the cluster need policy.loadBalancer',
    ),
    ...unless(wholeFrom(1, clientsPerAddress), `${path}.clientsPerAddress`, 'a whole number from 1'),
    ...unless(address === '' || !Number.isNaN(addressNumber(address)), `${path}.address`, 'an IPv4 address'),
    ...trafficProblems(scenario, group, `${path}.traffic`),
    ...unless(notNegative(requests.perSecond), `${path}.requests.perSecond`, '0 or more'),
    ...unless(notNegative(requests.perConnection), `${path}.requests.perConnection`, '0 or more'),
    ...unless(notNegative(requests.bytes), `${path}.requests.bytes`, '0 or more'),
    ...durationProblems(`${path}.requests.duration`, requests.duration),
    ...unless(!Number.isNaN(startsAt) && startsAt < Infinity, `${path}.startsAt`, 'a number'),
    ...unless(notNegative(startSpreadSeconds), `${path}.startSpreadSeconds`, '0 or more'),
    ...unless(!Number.isNaN(stopsAt), `${path}.stopsAt`, 'a number'),
  ]
}

const trafficProblems = (scenario: Scenario, { traffic, requests }: ClientGroup, path: string): ScenarioProblem[] => {
  const life = durationProblems(`${path}.life`, traffic.life)
  if (traffic.kind === 'arrivals') {
    return [
      ...life,
      ...unless(positive(traffic.perSecond), `${path}.perSecond`, 'more than 0'),
      ...unless(requests.perSecond === 0, path, 'with arrivals requests are given per connection, not perSecond'),
    ]
  }
  const wholes = traffic.kind === 'pool' ? { connections: traffic.connections } : pickStreams(traffic)
  return [
    ...life,
    ...durationProblems(`${path}.reconnect`, traffic.reconnect),
    ...Object.entries(wholes).flatMap(([name, value]) =>
      unless(wholeFrom(1, value), `${path}.${name}`, 'a whole number from 1'),
    ),
    ...unless(
      life.length > 0 || isLayer7(scenario) || meanOf(traffic.life) > 0,
      `${path}.life`,
      'more than 0: connections would come and go without an end',
    ),
  ]
}

const pickStreams = ({ concurrency, streams }: { concurrency: number; streams: number }): Record<string, number> => ({
  concurrency,
  streams,
})

const durationProblems = (path: string, duration: Duration): ScenarioProblem[] => {
  switch (duration.kind) {
    case 'fixed':
      return unless(notNegative(duration.seconds), `${path}.seconds`, '0 or more')
    case 'uniform':
      return unless(
        notNegative(duration.low) && duration.high >= duration.low && duration.high < Infinity,
        path,
        '0 ≤ low ≤ high',
      )
    case 'exponential':
      return unless(positive(duration.mean), `${path}.mean`, 'more than 0')
    case 'lognormal':
      return [
        ...unless(positive(duration.median), `${path}.median`, 'more than 0'),
        ...unless(notNegative(duration.sigma) && duration.sigma <= 10, `${path}.sigma`, '0 to 10'),
      ]
    case 'forever':
      return []
    case 'mixture': {
      const weights = duration.of.map(({ weight }) => weight)
      return [
        ...unless(weights.every(notNegative) && weights.some(positive), path, 'weights of 0 or more, one above 0'),
        ...duration.of.flatMap((one, i) => durationProblems(`${path}.of[${i}].duration`, one.duration)),
      ]
    }
    case 'cycle':
      return [
        ...unless(duration.of.length > 0, path, 'at least one'),
        ...duration.of.flatMap((one, i) => durationProblems(`${path}.of[${i}]`, one)),
      ]
  }
}

const eventProblems = (scenario: Scenario, event: ScenarioEvent, path: string): ScenarioProblem[] => {
  const known = (indexes: readonly number[], of: readonly unknown[], field: string): ScenarioProblem[] => {
    const missing = indexes.find((index) => of[index] === undefined)
    return unless(missing === undefined, `${path}.${field}`, `there is no ${missing}`)
  }
  const at = unless(Number.isFinite(event.at), `${path}.at`, 'a number')
  switch (event.kind) {
    case 'rolling-update':
      return [
        ...at,
        ...unless(
          wholeFrom(0, event.maxSurge) &&
            wholeFrom(0, event.maxUnavailable) &&
            event.maxSurge + event.maxUnavailable > 0,
          path,
          'maxSurge and maxUnavailable are whole numbers, not both 0',
        ),
        ...unless(notNegative(event.minReadySeconds), `${path}.minReadySeconds`, '0 or more'),
        ...templateProblems(event.template, `${path}.template`),
      ]
    case 'scale':
      return [
        ...at,
        ...unless(wholeFrom(0, event.replicas), `${path}.replicas`, 'a whole number from 0'),
        ...templateProblems(event.template, `${path}.template`),
      ]
    case 'restart':
      return [
        ...at,
        ...known(event.pods, scenario.pods, 'pods'),
        ...unless(notNegative(event.downSeconds), `${path}.downSeconds`, '0 or more'),
      ]
    case 'fail':
      return [
        ...at,
        ...known(event.pods, scenario.pods, 'pods'),
        ...unless(notNegative(event.seconds), `${path}.seconds`, '0 or more'),
      ]
    case 'node-stall':
      return [
        ...at,
        ...known(event.nodes, scenario.nodes, 'nodes'),
        ...unless(notNegative(event.seconds), `${path}.seconds`, '0 or more'),
      ]
    case 'drain':
      return [
        ...at,
        ...known([event.node], scenario.nodes, 'node'),
        ...templateProblems(event.template, `${path}.template`),
      ]
    case 'reconnect':
      return [
        ...at,
        ...known(event.clients, scenario.clients, 'clients'),
        ...unless(event.fraction >= 0 && event.fraction <= 1, `${path}.fraction`, '0 to 1'),
      ]
  }
}

const policyProblems = ({ policy }: Scenario): ScenarioProblem[] => {
  const { affinitySeconds, maxAgeSeconds, maxAgeJitter, maxRequests, slowStartSeconds, loadBalancer } = policy
  const keepsTurn = policy.scheduler === 'ipvs-rr' || policy.scheduler === 'ipvs-wrr'
  return [
    ...unless(affinitySeconds === null || positive(affinitySeconds), 'policy.affinitySeconds', 'more than 0, or none'),
    ...unless(maxAgeSeconds === null || positive(maxAgeSeconds), 'policy.maxAgeSeconds', 'more than 0, or none'),
    ...unless(maxAgeJitter >= 0 && maxAgeJitter < 1, 'policy.maxAgeJitter', '0 or more and less than 1'),
    ...unless(
      maxRequests === null || wholeFrom(1, maxRequests),
      'policy.maxRequests',
      'a whole number from 1, or none',
    ),
    ...unless(notNegative(slowStartSeconds), 'policy.slowStartSeconds', '0 or more'),
    ...unless(
      !(keepsTurn && policy.counts === 'shared'),
      'policy.counts',
      `${policy.scheduler} keeps its turn in each node's kernel: it cannot be shared`,
    ),
    ...(loadBalancer === null
      ? []
      : [
          ...unless(wholeFrom(1, loadBalancer.instances), 'policy.loadBalancer.instances', 'a whole number from 1'),
          ...durationProblems('policy.loadBalancer.lag', loadBalancer.lag),
        ]),
  ]
}
