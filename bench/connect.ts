import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PlaneName } from '../src/dataplane/plane.ts'
import { type Child, startChild } from '../test/support/child-calls.ts'
import { createNamespace } from '../test/support/namespaces.ts'
import { startAgent } from './bench-agent.ts'
import {
  clusterIP,
  nodeObject,
  podAddress,
  SERVICE_PORT,
  serviceObject,
  sliceObject,
  TARGET_PORT,
} from '../src/lab/scale/objects.ts'
import type { ConnectTimes } from '../src/lab/scale/connects.ts'
import type { ConnectRequest } from './connect-client.ts'
import { percentile, round } from '../src/util/percentile.ts'

export interface ConnectOptions {
  readonly plane: PlaneName
  /** sizes of the table to compare */
  readonly counts: readonly number[]
  readonly rounds: number
  readonly perRound: number
  readonly progress: (line: string) => void
}

interface Median {
  readonly p50: number
}

/** CLI.md, "bench": µs. `direct` of a count was measured in its own namespace, between the others. */
export interface ConnectReport {
  readonly plane: PlaneName
  readonly direct: Median
  readonly services: readonly {
    readonly count: number
    readonly direct: Median
    readonly first: Median
    readonly last: Median
  }[]
}

/** One namespace for each count, all there at once and measured in turn, so that a noisy machine is noisy for all. */
export const benchConnect = async (options: ConnectOptions): Promise<ConnectReport> => {
  await using stack = new AsyncDisposableStack()
  const places: Place[] = []
  for (const count of options.counts) {
    options.progress(`${count} Services`)
    places.push(await openPlace(stack, count, options.plane))
  }
  await measure(places, 1, options.perRound)
  for (const { times } of places) for (const list of times) list.length = 0
  options.progress(`${options.rounds} rounds of ${options.perRound} connections to each target`)
  await measure(places, options.rounds, options.perRound)
  return {
    plane: options.plane,
    direct: median(places.flatMap(({ times: [direct] }) => direct)),
    services: places.map(({ count, times: [direct, first, last] }) => ({
      count,
      direct: median(direct),
      first: median(first),
      last: median(last),
    })),
  }
}

interface Place {
  readonly count: number
  readonly client: Child<ConnectRequest, ConnectTimes>
  /** direct, first Service, last Service */
  readonly times: readonly [number[], number[], number[]]
}

const SERVER = podAddress(0)
const CLIENT = podAddress(1_000_000)

const openPlace = async (stack: AsyncDisposableStack, count: number, plane: PlaneName): Promise<Place> => {
  const { name } = stack.use(createNamespace('ek-bench', `connect-${count}`))
  const ip = (...args: readonly string[]): void => void execFileSync('ip', ['-n', name, ...args], { timeout: 30_000 })
  ip('address', 'add', `${SERVER}/32`, 'dev', 'lo')
  ip('address', 'add', `${CLIENT}/32`, 'dev', 'lo')
  // a connection needs a route to the Service's address before it is translated
  ip('route', 'add', 'default', 'dev', 'lo')
  const agent = stack.use(startAgent(name, { plane }))
  await agent.load(objectsOf(count))
  await agent.sync()
  await agent.settle()
  const script = fileURLToPath(new URL('connect-client.ts', import.meta.url))
  const client = stack.use(
    startChild<ConnectRequest, ConnectTimes>(script, [SERVER], { namespace: name, deadlineMs: 60_000 }),
  )
  return { count, client, times: [[], [], []] }
}

function* objectsOf(count: number): Generator<typeof nodeObject> {
  yield nodeObject
  for (let service = 0; service < count; service++) {
    yield serviceObject(service)
    yield sliceObject(service, [0])
  }
}

const measure = async (places: readonly Place[], rounds: number, count: number): Promise<void> => {
  for (let round = 0; round < rounds; round++) {
    for (const place of places) {
      const targets = [
        { address: SERVER, port: TARGET_PORT },
        { address: clusterIP(0), port: SERVICE_PORT },
        { address: clusterIP(place.count - 1), port: SERVICE_PORT },
      ]
      const times = await place.client.call({ ask: 'connect', client: CLIENT, targets, count })
      times.forEach((list, index) => place.times[index]?.push(...list))
    }
  }
}

const median = (times: readonly number[]): Median => ({ p50: round(percentile(times, 50)) })
