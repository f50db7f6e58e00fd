import type { Flow, NodeObservation, Observation } from '../../../src/inspect/skew/observation.ts'
import { hash32, seededRandom } from '../../../src/util/random.ts'
import { uniform } from '../../../src/inspect/statistics/draw.ts'
import { diceOf, exponential, lognormal } from './dice.ts'
import { addressOf, asCpu, rulesOnSome, withHttp2, withoutTimes } from './fifth.ts'
import { observe } from './observe.ts'
import { podsOf, withZones } from './purpose-built.ts'
import type { Situation } from './third.ts'
import type { World } from './world.ts'

const withScheduler = (seen: Observation, scheduler: string): Observation => ({
  ...seen,
  nodes: (seen.nodes ?? []).map((node): NodeObservation => ({ ...node, scheduler })),
})

/** Only a part of the connections was caught. */
const caught = (seen: Observation, keep: (flow: Flow, index: number) => boolean): Observation => ({
  ...seen,
  flows: (seen.flows ?? []).filter(keep),
})

/**
 * Twenty situations more by the author of the fifth set, kept back until the classifier was done with that one. Where two causes are
 * named, either alone is true though not the whole truth, unless `why` says more. As they were first met 90 of 100 were named right, 10
 * were unexplained and none was wrong. A scheduler that only the nodes' rules name was not heeded, which was mended for `same-start`; bypass
 * with affinity stays unexplained.
 */
export const sixth: readonly Situation[] = [
  {
    causes: ['local-traffic-policy'],
    why: 'Policy Local in the Service, nodes of 1, 1 and 4 pods, nothing but totals. Ages are all different, and have nothing to do with it.',
    make: (seed) => {
      const dice = diceOf(seed)
      const places = [2, 0, 2, 1, 2, 2]
      const ages = [400, 90, 200, 300, 100, 500]
      return observe(
        {
          pods: places.map((node, i) => ({ node, startedAt: -86_400 * (ages[i] ?? 1) })),
          nodes: 3,
          clients: 300,
          connections: dice.between(400, 900),
          scheduler: 'random',
          rule: (node, pod) => (places[pod] === node ? 1 : 0),
        },
        { flows: false, counted: 'opened', facts: { externalTrafficPolicy: 'Local' } },
        seed,
      )
    },
  },
  {
    causes: ['same-start'],
    why: 'Least connection on 90 nodes with three short connections each: most are idle when one comes, and all break the tie alike. Their rules are equal.',
    make: (seed) =>
      withScheduler(
        observe(
          {
            pods: podsOf(9),
            nodes: 90,
            clients: 90,
            connections: 270,
            scheduler: 'lc',
            start: 'same',
            life: (random) => exponential(random, 400),
          },
          { nodes: 'rules', flows: false, counted: 'opened', ages: false },
          seed,
        ),
        'lc',
      ),
  },
  {
    causes: ['same-start', 'unready-pods'],
    why: 'Fifty nodes deal a few connections each in one order that begins with a pod that is not ready, so the second and the third have most.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(10, (i) => ({ ready: i !== 0 && i !== 5 })),
          nodes: 50,
          clients: 100,
          connections: 200,
          scheduler: 'rr',
          start: 'same',
        },
        { nodes: 'rules', flows: false, facts: { scheduler: 'rr', affinity: 'None' } },
        seed,
      ),
  },
  {
    causes: ['shared-address'],
    why: 'ipvs sh behind nodes that masquerade: three node addresses, known to be shared, open five sixths of the connections; fifty clients the rest.',
    make: (seed) => {
      const masqueraded = [0, 1, 2]
      return withoutTimes(
        observe(
          {
            pods: podsOf(9),
            clients: 53,
            connections: 2000,
            scheduler: 'sh',
            activity: (client) => (masqueraded.includes(client) ? 83 - 10 * client : 1),
          },
          { facts: { scheduler: 'sh', sharedAddresses: masqueraded.map(addressOf) } },
          seed,
        ),
      )
    },
  },
  {
    causes: ['few-connections', 'young-pods'],
    why: 'Thirty pooled connections of unlike CPU; two of four poolers were restarted after most had been opened and have hardly any.',
    make: (seed) =>
      asCpu(
        observe(
          {
            pods: podsOf(4, (i) => (i % 2 === 1 ? { startedAt: 800 } : {})),
            nodes: 3,
            clients: 15,
            connections: 30,
            scheduler: 'random',
            load: (random) => 5 + Math.round(90 * lognormal(random, 0.7)),
          },
          { unit: 'bytes', facts: { scheduler: 'random' } },
          seed,
        ),
      ),
  },
  {
    causes: ['round-robin-lifetimes'],
    why: 'A job opens a dozen connections a minute through one proxy, one of them for good; dealt to six pods in turn. Who deals is not known, nor by which rule.',
    make: (seed) => {
      const dice = diceOf(seed)
      const step = dice.between(0, 11)
      return observe(
        {
          pods: podsOf(6),
          clients: 40,
          connections: 1800,
          scheduler: 'rr',
          life: (random, index) => (index % 12 === step ? (random() < 0.7 ? Infinity : 60) : exponential(random, 60)),
        },
        { counted: 'open', flows: false, ages: false },
        seed,
      )
    },
  },
  {
    causes: ['round-robin-lifetimes', 'local-traffic-policy'],
    why: 'ipvs rr and policy Local on nodes of 2 and 4 pods: opened are exactly even on each node, every second or fourth stays for long, so one pod on each has most open.',
    make: (seed) => {
      const random = seededRandom(`steps ${seed}`)
      const perNode = [2, 4]
      const opened = perNode.map((pods, node) => Array.from({ length: pods }, () => (node === 0 ? 300 : 150)))
      const open = opened.map((pods) =>
        pods.map((count, i) => {
          let left = 0
          for (let each = 0; each < count; each++) left += uniform(random) < (i === 1 ? 0.5 : 0.12) ? 1 : 0
          return left
        }),
      )
      const counts = (node: number): readonly number[] =>
        opened.flatMap((pods, other) => pods.map((count) => (other === node ? count : 0)))
      return {
        service: 'default/web',
        unit: 'connections',
        backends: open.flatMap((pods, node) =>
          pods.map((count, i) => ({
            name: `default/web-${node}-${i}`,
            node: `node-${node}`,
            count,
            opened: opened[node]?.[i] ?? 0,
            startedAt: -90_000,
          })),
        ),
        nodes: perNode.map((_, node) => ({
          node: `node-${node}`,
          counts: counts(node),
          odds: counts(node).map((count) => (count > 0 ? 1 : 0)),
          scheduler: 'rr',
          since: 0,
        })),
        facts: { internalTrafficPolicy: 'Local', counted: 'open', scheduler: 'rr', since: 0, at: 3600 },
      }
    },
  },
  {
    causes: ['connection-reuse', 'weights'],
    why: 'Fifty gRPC channels on a pod of weight 7 and three of weight 1: it has most channels, and requests differ as channels do.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(4, (i) => ({ weight: i === 3 ? 7 : 1 })),
        nodes: 2,
        clients: 50,
        connections: 50,
        scheduler: 'random',
        load: (random) => 20 + Math.round(3000 * lognormal(random, 0.8)),
      }
      return observe(world, { unit: 'requests', http2: true, nodes: 'rules' }, seed)
    },
  },
  {
    causes: ['connection-reuse', 'heavy-client'],
    why: 'A batch job sends half of all requests over a handful of gRPC connections, among thousands of plain ones: one client is heavy, and it is so because it reuses.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(7),
        nodes: 4,
        clients: 900,
        connections: 3600,
        scheduler: 'random',
        activity: (client) => (client === 400 ? 1.5 : 1),
        load: (random, client) =>
          client === 400 ? 1300 + Math.floor(random() * 600) : 1 + Math.floor(exponential(random, 2)),
      }
      return withHttp2(observe(world, { unit: 'requests' }, seed), (client) => client === addressOf(400))
    },
  },
  {
    causes: ['stale-rules'],
    why: 'Twelve nodes counted, none was dumped: two of them never sent to two of six pods in hundreds of connections, all others do. Zones are known, hints are off.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(6, (i) => ({ zone: i % 3 })),
        nodes: 12,
        clients: 480,
        connections: 4200,
        scheduler: 'random',
        rule: (node, pod) => ((node === 4 || node === 9) && pod > 3 ? 0 : 1),
      }
      const facts = { topologyHints: false, internalTrafficPolicy: 'Cluster' } as const
      return withZones(observe(world, { nodes: 'counts', flows: false, facts }, seed), (node) => node % 3)
    },
  },
  {
    causes: ['stale-rules', 'weights'],
    why: 'A pod was given weight 5; two of six nodes deal by the old, equal weights, as their dumps show.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(5, (i) => ({ weight: i === 1 ? 5 : 1 })),
        nodes: 6,
        clients: 180,
        connections: 2400,
        scheduler: 'random',
        rule: (node, pod) => (node > 3 || pod !== 1 ? 1 : 5),
      }
      return observe(world, { nodes: 'rules', flows: false, counted: 'opened' }, seed)
    },
  },
  {
    causes: ['bypass', 'young-pods'],
    why: 'Five pods became seven late, and a monitor holds one connection in ten straight to an old one. Open connections with times, marked where not translated.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(7, (i) => (i < 5 ? {} : { startedAt: 650 })),
          nodes: 4,
          clients: 221,
          connections: 2000,
          scheduler: 'random',
          life: (random) => exponential(random, 1500),
          activity: (client) => (client === 220 ? 25 : 1),
          direct: (_random, client) => (client === 220 ? [4] : null),
        },
        { counted: 'open' },
        seed,
      ),
  },
  {
    causes: ['bypass', 'affinity'],
    why: 'Thirty clients kept by address, and a cron job with the address of one pod in its configuration that opens a quarter of all. Half of them were caught.',
    make: (seed) =>
      caught(
        observe(
          {
            pods: podsOf(5),
            nodes: 3,
            clients: 31,
            connections: 1600,
            scheduler: 'random',
            affinity: true,
            activity: (client) => (client === 30 ? 10 : 1),
            direct: (_random, client) => (client === 30 ? [0] : null),
          },
          { facts: { affinity: 'ClientIP' }, ages: false },
          seed,
        ),
        (_flow, index) => hash32(`caught ${seed} ${index}`) < 2 ** 31,
      ),
  },
  {
    causes: ['unready-pods'],
    why: 'Two of forty pods fail their probes, on eight nodes whose rules lack them; a young pod was there before counting began, nodes are unequally busy.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(40, (i) => ({
            ready: i !== 11 && i !== 30,
            startedAt: i === 3 ? -60 : -80_000,
            node: i % 8,
          })),
          nodes: 8,
          clients: 800,
          connections: 6000,
          scheduler: 'random',
          activity: (client) => (client % 8 === 2 ? 4 : 1),
        },
        { nodes: 'rules', flows: false, counted: 'opened', facts: { internalTrafficPolicy: 'Cluster' } },
        seed,
      ),
  },
  {
    causes: ['topology-hints', 'same-start'],
    why: 'Two zones of 3 and 7 pods with hints, and forty nodes that deal two connections each from the first pod of their zone on.',
    make: (seed) => {
      const zones = [1, 0, 1, 1, 0, 1, 1, 0, 1, 1]
      const world: World = {
        pods: zones.map((zone) => ({ zone })),
        nodes: 40,
        clients: 80,
        connections: 110,
        scheduler: 'rr',
        start: 'same',
        rule: (node, pod) => (zones[pod] === node % 2 ? 1 : 0),
      }
      const seen = observe(world, { nodes: 'rules', flows: false, facts: { topologyHints: true } }, seed)
      return withZones(withScheduler(seen, 'rr'), (node) => node % 2)
    },
  },
  {
    causes: ['topology-hints'],
    why: '36 pods as 10, 12 and 14 over three zones, 24 nodes, nine thousand connections; half of the nodes were dumped. Mild, but no luck.',
    make: (seed) => {
      const zoneOf = (pod: number): number => (pod < 10 ? 0 : pod < 22 ? 1 : 2)
      const world: World = {
        pods: podsOf(36, (i) => ({ zone: zoneOf(i) })),
        nodes: 24,
        clients: 1200,
        connections: 9000,
        scheduler: 'random',
        rule: (node, pod) => (zoneOf(pod) === node % 3 ? 1 : 0),
      }
      const seen = observe(world, { nodes: 'rules', flows: false, facts: { topologyHints: true } }, seed)
      return rulesOnSome(
        withZones(seen, (node) => node % 3),
        (node) => node < 12,
      )
    },
  },
  {
    causes: ['shared-address', 'heavy-client'],
    why: 'Four hundred clients kept by address; a known gateway opens two fifths of all connections, and a crawler nobody vouches for a fifth.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(8),
        nodes: 4,
        clients: 402,
        connections: 6000,
        scheduler: 'random',
        affinity: true,
        activity: (client) => (client === 400 ? 400 : client === 401 ? 200 : 1),
      }
      const facts = { affinity: 'ClientIP', sharedAddresses: [addressOf(400), '10.9.9.9'] } as const
      return observe(world, { facts }, seed)
    },
  },
  {
    causes: ['round-robin'],
    why: 'Least connection through one gateway: connections of unlike lifetimes, and those open are even to one or two. Not skewed: too even.',
    make: (seed) => {
      const world: World = {
        pods: podsOf(8),
        clients: 200,
        connections: 900,
        scheduler: 'lc',
        life: (random) => exponential(random, 600),
      }
      return observe(world, { counted: 'open', flows: false, facts: { scheduler: 'lc' } }, seed)
    },
  },
  {
    causes: ['young-pods', 'round-robin'],
    why: 'Four pods became six at two thirds; one proxy deals in turn. Each has exactly the turns since it came: the age is why they differ, the turns why to the last.',
    make: (seed) =>
      observe(
        {
          pods: podsOf(6, (i) => (i < 4 ? {} : { startedAt: 640 })),
          clients: 120,
          connections: 1500,
          scheduler: 'rr',
        },
        { facts: { scheduler: 'rr' } },
        seed,
      ),
  },
  {
    causes: ['few-connections', 'unready-pods'],
    why: 'Twenty-five database connections of unlike CPU on five poolers, one of which fails its probe and has none.',
    make: (seed) =>
      asCpu(
        observe(
          {
            pods: podsOf(5, (i) => ({ ready: i !== 1 })),
            nodes: 2,
            clients: 25,
            connections: 25,
            scheduler: 'random',
            load: (random) => 10 + Math.round(60 * lognormal(random, 0.8)),
          },
          { unit: 'bytes' },
          seed,
        ),
      ),
  },
]
