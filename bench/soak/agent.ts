import { getHeapSpaceStatistics } from 'node:v8'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Agent, startAgent } from '../../src/agent/agent.ts'
import { parseConfig } from '../../src/agent/config/config.ts'
import { sourceOf } from '../../src/agent/source.ts'
import { compactHeap } from '../../src/agent/memory.ts'
import { openKernel } from '../../src/kernel/index.ts'
import type { Store } from '../../src/sources/store.ts'
import { seededRandom } from '../../src/util/random.ts'
import { answerCalls } from '../../test/support/child-calls.ts'
import { POD_CIDR } from '../../src/lab/scale/objects.ts'
import { OWN_NODE } from './cluster.ts'
import { Complaints } from './complaints.ts'
import { hasTurn } from './marker.ts'
import type { Holding, SoakRequest, SoakValue, Verdict } from './protocol.ts'
import { SteppedClock } from './stepped-clock.ts'

const clock = new SteppedClock()
const complaints = new Complaints()
const random = seededRandom('soak agent')
/** what a planted leak keeps */
const leaked: string[] = []
const leakBytes = Number(process.argv[2] ?? 0)

let agent: Agent | null = null
let store: Store | null = null

const running = (): Agent => {
  if (!agent) throw new Error('the agent has not been started')
  return agent
}

/** ms of real time for what is to be in force */
const PATIENCE = 30_000

/** Everything that was asked for is in force. */
const inForce = async (): Promise<void> => {
  const from = performance.now()
  for (;;) {
    // past the turn in which the reconciler gathers
    await new Promise((resolve) => setImmediate(resolve))
    const { inSync, planes } = await running().status({ verify: false, counters: false })
    // what fails by itself waits for its next attempt, which only time brings
    if (inSync || planes.every(({ missing }) => missing.every(({ state }) => state === 'failing'))) return
    if (performance.now() - from > PATIENCE) throw new Error(`not in sync: ${JSON.stringify(planes).slice(0, 2_000)}`)
  }
}

/** Everything that the API server said up to this turn has come. Time goes on: what was cut off is asked again after a pause. */
const told = async (turn: number): Promise<void> => {
  const from = performance.now()
  while (!store || !hasTurn(store.snapshot, turn)) {
    if (performance.now() - from > PATIENCE) throw new Error(`the source does not come to turn ${turn}`)
    await sleep(1)
    await clock.pass(PACE, soon)
  }
}

/** simulated ms for each real one while something is waited for */
const PACE = 20

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const configuration = `
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: ${POD_CIDR},fd00:10::/64
`

const start = async (url: string, turn: number): Promise<void> => {
  const { config, problems } = parseConfig(Buffer.from(configuration), 'soak', { nodeName: OWN_NODE })
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  const open = sourceOf({ kind: 'kubernetes', client: { master: url } }, config)
  const starting = startAgent({
    config,
    plane: 'nftables',
    openSource: (itsStore, context) => {
      store = itsStore
      return open(itsStore, context)
    },
    kernel: await openKernel(),
    log: complaints.log,
    clock,
    random: () => random() / 2 ** 32,
    control: false,
  })
  await told(turn)
  agent = await starting
  await inForce()
  await clock.pass(5_000, inForce)
}

/** Without compiled code: V8 goes on compiling for hours, a little each, which is part of the resident set and not of what we keep. */
const objectBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !/^(code|trusted|shared_trusted)/.test(name))
    .reduce((sum, { space_used_size: used }) => sum + used, 0)

const sample = async (): Promise<Holding> => {
  const mebibytes = (bytes: number): number => bytes / 2 ** 20
  // what the metrics port would be asked, so that what it remembers is part of the sample
  await running().status({ verify: false, counters: true })
  const uncollectedRssMiB = mebibytes(process.memoryUsage.rss())
  compactHeap()
  const { external, arrayBuffers, rss } = process.memoryUsage()
  const { planes } = await running().status({ verify: false, counters: false })
  return {
    heapMiB: mebibytes(objectBytes()),
    rssMiB: mebibytes(rss),
    uncollectedRssMiB,
    externalMiB: mebibytes(external + arrayBuffers),
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    timers: clock.pending,
    frontends: planes[0]?.frontends ?? 0,
  }
}

const verify = async (): Promise<Verdict> => {
  await clock.pass(10_000, inForce)
  const { inSync, planes } = await running().status({ verify: true, counters: false })
  return {
    inSync,
    differing: planes.flatMap(({ missing }) => missing.map(({ frontend }) => frontend)).slice(0, 10),
    extra: planes.reduce((sum, { extra }) => sum + extra, 0),
    transactions: planes[0]?.times?.transactions ?? 0,
    foreignChanges: planes[0]?.times?.foreignChanges ?? 0,
    complaints: complaints.counted(),
  }
}

answerCalls<SoakRequest, SoakValue>(async (request) => {
  switch (request.ask) {
    case 'start':
      await start(request.url, request.turn)
      return null
    case 'step':
      if (request.turn !== null) await told(request.turn)
      for (let i = 0; leakBytes > 0 && i < request.changes; i++)
        leaked.push(Buffer.alloc(leakBytes, leaked.length).toString('latin1'))
      await clock.pass(request.ms, request.turn === null ? soon : inForce)
      return null
    case 'sample':
      return sample()
    case 'verify':
      return verify()
    case 'stop':
      await agent?.[Symbol.asyncDispose]()
      return null
  }
})
