import type {
  Flow,
  LoadUnit,
  NodeObservation,
  Observation,
  ObservedBackend,
  ServiceFacts,
} from '../../../src/inspect/skew/observation.ts'
import { type Connection, play, rulesAt, type World } from './world.ts'

/** What the observer gets to see of a world. */
export interface Sight {
  /** default connections */
  readonly unit?: LoadUnit
  /** of connections; default opened */
  readonly counted?: 'opened' | 'open'
  /** default true */
  readonly flows?: boolean
  /** flows know whether they are HTTP/2 */
  readonly http2?: boolean
  /** flows know whether they went around the Service; default true */
  readonly directSeen?: boolean
  /** counts and rules of each node; `counts`: without the rules. Default: none */
  readonly nodes?: 'rules' | 'counts'
  /** default true */
  readonly ages?: boolean
  readonly facts?: ServiceFacts
  /** address of a client; default one each */
  readonly address?: (client: number) => string
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0)

/** Plays the world and says what is seen of it at its end. */
export const observe = (world: World, sight: Sight, seed: string): Observation => {
  const { seconds = 1000 } = world
  const connections = play(world, seed)
  const { unit = 'connections', facts = {} } = sight
  return {
    service: 'default/web',
    unit,
    backends: backendsOf(world, sight, connections, seconds),
    ...(sight.nodes === undefined ? {} : { nodes: nodesOf(world, sight.nodes, connections, seconds) }),
    ...(sight.flows === false ? {} : { flows: connections.map((each) => flowOf(each, sight, seconds)) }),
    facts: { at: seconds, since: 0, ...(sight.counted === undefined ? {} : { counted: sight.counted }), ...facts },
  }
}

const backendsOf = (
  world: World,
  { unit = 'connections', counted = 'opened', ages = true, flows = true }: Sight,
  connections: readonly Connection[],
  seconds: number,
): readonly ObservedBackend[] =>
  world.pods.map((pod, i) => {
    const mine = connections.filter((each) => each.pod === i)
    const open = mine.filter(({ closedAt }) => closedAt > seconds)
    const count =
      unit !== 'connections' ? sum(mine.map(({ load }) => load)) : counted === 'open' ? open.length : mine.length
    return {
      name: `default/web-${i}`,
      count,
      ...(unit !== 'connections' && !flows ? { connections: mine.length } : {}),
      ...(counted === 'open' ? { opened: mine.length } : {}),
      ...(pod.node === undefined ? {} : { node: `node-${pod.node}` }),
      ...(pod.zone === undefined ? {} : { zone: `zone-${pod.zone}` }),
      ...(ages ? { startedAt: pod.startedAt ?? -1e6 } : {}),
      ...(pod.weight === undefined ? {} : { weight: pod.weight }),
      ...(pod.ready === undefined ? {} : { ready: pod.ready }),
      ...(pod.terminating === undefined ? {} : { terminating: pod.terminating }),
    }
  })

const nodesOf = (
  world: World,
  seen: 'rules' | 'counts',
  connections: readonly Connection[],
  seconds: number,
): readonly NodeObservation[] =>
  Array.from({ length: world.nodes ?? 1 }, (_, node) => ({
    node: `node-${node}`,
    counts: world.pods.map((_, pod) =>
      sum(connections.map((each) => (each.node === node && each.pod === pod && !each.direct ? 1 : 0))),
    ),
    odds: seen === 'rules' ? rulesAt(world, node, seconds) : null,
  }))

const flowOf = (each: Connection, sight: Sight, seconds: number): Flow => ({
  client: sight.address?.(each.client) ?? `10.0.${Math.floor(each.client / 256)}.${each.client % 256}`,
  backend: `default/web-${each.pod}`,
  node: `node-${each.node}`,
  openedAt: each.openedAt,
  closedAt: each.closedAt > seconds ? null : each.closedAt,
  protocol: 'TCP',
  ...(sight.unit === 'bytes' ? { bytes: each.load } : {}),
  ...(sight.unit === 'requests' ? { requests: each.load } : {}),
  ...(sight.http2 === undefined ? {} : { http2: sight.http2 }),
  ...(sight.directSeen === false ? {} : { bypassed: each.direct }),
})
