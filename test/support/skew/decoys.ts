import { diceOf, exponential } from './dice.ts'
import { observe } from './observe.ts'
import { type Generator, podsOf } from './purpose-built.ts'

/** Uneven for a reason that nobody has a null for, amid facts that could be taken for one: no cause is right. */
export const decoys: readonly Generator[] = [
  // one pod is preferred by something unseen, while ages, zones and policies are there to be blamed
  (seed) => {
    const dice = diceOf(seed)
    const favourite = dice.between(0, 5)
    const pods = podsOf(6, (i) => ({ startedAt: dice.between(-900, 600), node: i % 3, zone: i % 2 }))
    return observe(
      {
        pods: pods.map((pod) => ({ ...pod, startedAt: -1e6 })),
        nodes: 3,
        clients: 100,
        connections: 1500,
        scheduler: 'random',
        rule: (_, pod) => (pod === favourite ? 1.8 : 1),
      },
      { nodes: 'counts', facts: { internalTrafficPolicy: 'Local', topologyHints: true } },
      seed,
    )
  },
  // the same without flows
  (seed) => {
    const dice = diceOf(seed)
    const [up, down] = [dice.between(0, 3), dice.between(4, 7)]
    const observation = observe(
      {
        pods: podsOf(8),
        clients: 100,
        connections: 1800,
        scheduler: 'random',
        rule: (_, pod) => (pod === up ? 1.7 : pod === down ? 0.5 : 1),
      },
      { flows: false },
      seed,
    )
    const backends = observation.backends.map((backend) => ({ ...backend, startedAt: dice.between(0, 900) }))
    return { ...observation, backends }
  },
  // affinity with enough clients, and a preference besides
  (seed) =>
    observe(
      {
        pods: podsOf(5),
        clients: 1500,
        connections: 3000,
        scheduler: 'random',
        affinity: true,
        rule: (_, pod) => (pod === 2 ? 1.8 : 1),
      },
      { facts: { affinity: 'ClientIP' } },
      seed,
    ),
  // a pod that is not ready and fair, another one that is not
  (seed) =>
    observe(
      {
        pods: podsOf(6, (i) => (i === 5 ? { ready: false, leftAt: 990 } : {})),
        clients: 100,
        connections: 2000,
        scheduler: 'random',
        rule: (_, pod) => (pod === 1 ? 0.4 : 1),
      },
      {},
      seed,
    ),
  // a slow pod keeps its connections longer
  (seed) => {
    const observation = observe(
      {
        pods: podsOf(5),
        clients: 100,
        connections: 2500,
        scheduler: 'random',
        life: (random) => exponential(random, 200),
      },
      { counted: 'open', facts: { scheduler: 'random' }, flows: false },
      seed,
    )
    const backends = observation.backends.map((backend, i) => ({
      ...backend,
      count: i === 3 ? Math.round(backend.count * 1.9) : backend.count,
    }))
    return { ...observation, backends }
  },
  // rules that say even, and a kernel that does not
  (seed) =>
    observe(
      {
        pods: podsOf(4),
        nodes: 2,
        clients: 100,
        connections: 1200,
        scheduler: 'random',
        direct: (random) => (random() < 0.15 ? [3] : null),
      },
      { directSeen: false, ages: false },
      seed,
    ),
]
