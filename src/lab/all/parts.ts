import type { SchedulerName } from '../../model/frontend.ts'
import { evenApplication } from '../even.ts'
import { imbalanceNames, imbalances } from '../imbalance/scenarios.ts'
import type { ScenarioOptions } from '../scenario.ts'
import type { Part, PartOptions } from './part.ts'

/** Every scenario but `app`, in the order in which they are run; what may be slow (scale) last but for nobody's sake. */
export const allParts = (): readonly Part[] => [
  even('even', 'one Service, four pods: who gets how many of 1,000 connections, by luck and by rotation', false),
  even('weighted', 'the same with weights 1, 2, 3 and 4', true),
  restart,
  walkthrough,
  ...imbalanceNames.map(imbalance),
  scale,
]

const CONNECTIONS = 1_000
const PODS = 4
const NODES = 2
/** shows luck and rotation; a plane that has only one of them says so */
const SPREAD_SCHEDULERS: readonly SchedulerName[] = ['random', 'rr']

const plainOptions = (options: PartOptions, weighted: boolean): Omit<ScenarioOptions, 'scenario' | 'schedulers'> => ({
  ...options,
  application: evenApplication({ pods: PODS, nodes: NODES, weighted, families: ['IPv4'] }),
  nodes: NODES,
  connections: CONNECTIONS,
  keep: false,
  restarts: RESTARTS,
})

const even = (name: 'even' | 'weighted', summary: string, weighted: boolean): Part => ({
  name,
  summary,
  async run(options) {
    const { runSpread } = await import('../spread.ts')
    const own = { ...plainOptions(options, weighted), scenario: name, schedulers: SPREAD_SCHEDULERS }
    return { kind: 'spread', ...(await runSpread(own)) }
  },
})

/** fewer than when it is run by itself: a plane takes half a minute */
const RESTARTS = 5

const restart: Part = {
  name: 'restart',
  summary: 'agents are killed while endpoints change: new connections must not fail, established ones not be cut',
  async run(options) {
    const { runRestart } = await import('../restart.ts')
    return {
      kind: 'spread',
      ...(await runRestart({ ...plainOptions(options, false), scenario: 'restart', schedulers: null })),
    }
  },
}

const walkthrough: Part = {
  name: 'walkthrough',
  summary: 'one NodePort, two pods, then three: the rules that a packet meets, what they promise, what comes of it',
  async run(options) {
    const { runWalkthrough } = await import('../walkthrough/walkthrough.ts')
    const application = evenApplication({ pods: 2, nodes: NODES, weighted: false, families: ['IPv4'] })
    return { kind: 'walkthrough', ...(await runWalkthrough({ ...plainOptions(options, false), application })) }
  },
}

const imbalance = (name: (typeof imbalanceNames)[number]): Part => ({
  name,
  summary: imbalances[name].summary,
  async run(options) {
    const run = await imbalances[name].load()
    const own = { schedulers: null, pods: null, nodes: null, connections: null }
    return { kind: 'imbalance', ...(await run({ ...options, ...own })) }
  },
})

/** small, so that it is over in half a minute: enough to tell linear from flat */
const SCALE = { sizes: [100, 500, 2_000], endpoints: 10, connections: 300, budgetMs: 180_000 } as const

const scale: Part = {
  name: 'scale',
  summary: `what a connection, the first sync and a change cost with ${SCALE.sizes.map((size) => size.toLocaleString('en')).join(', ')} Services`,
  async run(options) {
    const { runScale } = await import('../scale/scale.ts')
    return { kind: 'scale', ...(await runScale({ ...options, ...SCALE })) }
  },
}
