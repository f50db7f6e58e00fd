import { sum } from '../../statistics/index.ts'
import { rulesOdds } from '../nulls/odds.ts'
import { counted, is, listed, percent } from './sentence.ts'
import { extremes, shareOf, type Tellers, type Told, type View } from './view.ts'

/** Causes that are in the rules themselves. */
export const rulesTellers: Tellers<
  'weights' | 'local-traffic-policy' | 'topology-hints' | 'stale-rules' | 'unready-pods'
> = {
  weights: (view) => {
    const { observation, expected } = view
    const [most, least] = extremes(expected)
    const [heavy, light] = [observation.backends[most], observation.backends[least]]
    const weights =
      heavy?.weight !== undefined && light?.weight !== undefined && heavy.weight !== light.weight
        ? `by weights ${heavy.weight} and ${light.weight} `
        : ''
    return {
      evidence: `${weights}the rules give ${heavy?.name} ${percent(shareOf(expected, most))} and ${light?.name} ${percent(shareOf(expected, least))}; they got ${gotten(view, most)} and ${gotten(view, least)}`,
      cure: 'if that is not meant, give the pods equal weights',
    }
  },

  'local-traffic-policy': (view) => ({
    evidence: `traffic policy Local: every node sends to its own pods only, and ${unequal(view, 'node')}`,
    cure: 'spread the pods evenly over the nodes (topologySpreadConstraints), or set the traffic policy to Cluster',
  }),

  'topology-hints': (view) => ({
    evidence: `topology hints: every zone sends to its own pods only, and ${unequal(view, 'zone')}`,
    cure: 'spread the pods over the zones in proportion to their traffic (topologySpreadConstraints), or take away trafficDistribution and the annotation topology-mode',
  }),

  'stale-rules': (view) => {
    const gaps = gapsOf(view)
    const told = gaps.slice(0, 2).map(({ node, names }) => `${node} does not send to ${listed(names)}`)
    const rest = gaps.length > 2 ? `, and ${gaps.length - 2} more nodes leave pods out` : ''
    return {
      evidence: gaps.length > 0 ? `rules differ: ${told.join('; ')}${rest}, which the others do` : missing(view),
      cure: 'look at the proxy of these nodes (does it run, does it reach the API server, `evenkeel status`); a restart of it writes the rules anew',
    }
  },

  'unready-pods': (view) => {
    const { observation } = view
    const gone = observation.backends.filter(({ ready, terminating }) => ready === false || terminating === true)
    if (gone.length === 0) return stopped(view)
    const counts = sum(gone.map(({ count }) => count))
    const all = sum(observation.backends.map(({ count }) => count))
    const state = gone.every(({ terminating }) => terminating === true) ? 'terminating' : 'not ready'
    const names = listed(gone.map(({ name }) => name))
    return {
      evidence: `${names} ${is(gone.length)} ${state} and got ${percent(counts / (all || 1))} instead of ${percent(gone.length / observation.backends.length)}; the other ${counted(observation.backends.length - gone.length, 'pod')} share evenly`,
      cure: 'see why the pods are not ready (kubectl describe pod: readiness probe, events); the share is right as long as they are not',
    }
  },
}

/** Nobody told which pods are ready: those whose connections end before the others'. */
const stopped = ({ observation, situation }: View): Told => {
  const { backends } = observation
  const gone = backends.filter(({ count }, i) => count > 0 && situation.totals[i] === 0)
  const got = sum(gone.map(({ count }) => count)) / (sum(backends.map(({ count }) => count)) || 1)
  return {
    evidence: `${listed(gone.map(({ name }) => name))} got ${percent(got)} instead of ${percent(gone.length / backends.length)}: connections came to the others still, and to ${gone.length === 1 ? 'it' : 'them'} no more; the other ${counted(backends.length - gone.length, 'pod')} share evenly`,
    cure: 'see whether the pods are ready, terminating or gone (kubectl get pods, kubectl describe pod: readiness probe, events); the share is right as long as they are not ready',
  }
}

const gotten = ({ observation }: View, index: number): string =>
  percent(
    shareOf(
      observation.backends.map(({ count }) => count),
      index,
    ),
  )

/** `node-0 has 1 pod that gets 210 each, node-2 has 4 that get 52 each` */
const unequal = ({ observation, expected }: View, place: 'node' | 'zone'): string => {
  const groups = new Map<string, number[]>()
  for (const [i, backend] of observation.backends.entries()) {
    const name = backend[place] ?? `a ${place}`
    groups.set(name, [...(groups.get(name) ?? []), expected[i] ?? 0])
  }
  const each = [...groups].map(([name, loads]) => ({ name, pods: loads.length, load: sum(loads) / loads.length }))
  const order = each.toSorted((a, b) => b.load - a.load)
  const [most, least] = [order[0], order.at(-1)]
  if (most === undefined || least === undefined || observation.backends.some((backend) => backend[place] === undefined))
    return `that gives ${observation.backends[extremes(expected)[0]]?.name} ${percent(Math.max(...expected) / (sum(expected) || 1))}`
  const all = sum(expected) || 1
  const told = ({ name, pods, load }: typeof most): string =>
    `${name} has ${counted(pods, 'pod')} (${percent(load / all)} each)`
  return `${told(most)}, ${told(least)}`
}

/** Nodes whose rules (or, where these are not known, counts) lack backends that other nodes use. */
const gapsOf = ({ observation }: View): readonly { readonly node: string; readonly names: readonly string[] }[] => {
  const { nodes = [], backends } = observation
  const uses = nodes.map(({ odds, counts }) => (odds ?? counts).map((p) => p > 0))
  const used = backends.map((_, i) => uses.some((use) => use[i] === true))
  const gaps = nodes.map(({ node }, j) => ({
    node,
    names: backends.filter((_, i) => used[i] === true && uses[j]?.[i] !== true).map(({ name }) => name),
  }))
  return gaps.filter(({ names }) => names.length > 0)
}

const missing = ({ observation }: View): string => {
  const odds = rulesOdds(observation)
  const absent = observation.backends.filter((_, i) => odds?.[i] === 0)
  const ready = absent.every((backend) => backend.ready === true) ? `, which ${is(absent.length)} ready` : ''
  return absent.length > 0
    ? `the rules do not have ${listed(absent.map(({ name }) => name))}${ready}`
    : 'the rules of the nodes give the pods different odds'
}
