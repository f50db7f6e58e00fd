import { sum } from '../../statistics/index.ts'
import { counted, listed, percent, unitWords, whole } from './sentence.ts'
import { extremes, shareOf, type Tellers, type View } from './view.ts'

/** Causes in who dialled what, when, and in which turn. */
export const otherTellers: Tellers<'bypass' | 'young-pods' | 'same-start' | 'round-robin-lifetimes' | 'round-robin'> = {
  bypass: ({ observation, situation, left = 0 }) => {
    const counts = observation.backends.map(({ count }) => count)
    const around = counts.map((count, i) => Math.max(0, count - (situation.totals[i] ?? 0)))
    const [top] = extremes(around)
    if (observation.facts.headless === true)
      return {
        evidence: `the Service is headless: no rules choose, ${whole(sum(counts))} ${unitWords[observation.unit]} went where clients’ DNS answers led`,
        cure: 'give the Service a cluster IP, or balance in the client (round_robin in gRPC)',
      }
    return {
      evidence: `${whole(sum(around))} of ${counted(sum(counts), 'connection')} did not go through the Service, ${percent(shareOf(around, top))} of these to ${observation.backends[top]?.name}${left === 0 ? '; the others fit the rules' : ''}`,
      cure: 'find who dials the pods themselves (source addresses of these connections: a headless Service, a mesh, scrapers, a stale configuration) and point it at the Service',
    }
  },

  'young-pods': (view) => {
    const { observation } = view
    const { backends, facts } = observation
    const starts = backends.map(({ startedAt }) => startedAt ?? -Infinity)
    const [young, old] = extremes(starts)
    const counts = backends.map(({ count }) => count)
    return {
      evidence: `${backends[young]?.name}${aged(starts[young], facts.at)} has ${whole(counts[young] ?? 0)}, ${backends[old]?.name}${aged(starts[old], facts.at)} has ${whole(counts[old] ?? 0)}: ${older(view)}`,
      cure: 'connections have to be reopened for young pods to get theirs: limit their age (with jitter), or restart the clients; new connections are even already',
    }
  },

  'same-start': ({ observation }) => {
    const { nodes = [], backends, facts } = observation
    const counts = backends.map(({ count }) => count)
    const [most, least] = extremes(counts)
    return {
      evidence: `${counted(nodes.length, 'node')} deal in turn (${facts.scheduler ?? 'as round robin does'}) ${whole(sum(counts) / (nodes.length || 1))} connections each, and all begin at the same pods: ${backends[most]?.name} has ${whole(counts[most] ?? 0)}, ${backends[least]?.name} ${whole(counts[least] ?? 0)}`,
      cure: 'shuffle the order on each node (Evenkeel does), or choose at random',
    }
  },

  'round-robin-lifetimes': ({ observation }) => {
    const { backends } = observation
    const opened = backends.map((backend) => backend.opened ?? 0)
    const counts = backends.map(({ count }) => count)
    const [most, least] = extremes(counts)
    return {
      evidence: `each pod was dealt ${range(opened)} connections, and ${backends[most]?.name} still has ${whole(counts[most] ?? 0)} open, ${backends[least]?.name} ${whole(counts[least] ?? 0)}: their lifetimes differ, and turns do not look at them`,
      cure: 'a scheduler that looks at open connections (lc), or random, which does not fall in step with the clients',
    }
  },

  'round-robin': ({ observation, expected }) => {
    const counts = observation.backends.map(({ count }) => count)
    const off = Math.max(...counts.map((count, i) => Math.abs(count - (expected[i] ?? 0))))
    const { scheduler } = observation.facts
    const by = scheduler === undefined ? 'round robin or least connection' : scheduler
    return {
      evidence: `no pod is off its share of ${whole(Math.max(...expected))} by more than ${whole(Number(off.toFixed(6)))}: connections are dealt in turn, as ${by} does`,
      cure: 'nothing to cure: this is more even than chance can be',
    }
  },
}

const aged = (start: number | undefined, at: number | undefined): string =>
  start === undefined || at === undefined || !Number.isFinite(start) ? '' : `, ${duration(at - start)} old,`

const duration = (seconds: number): string => {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** Of the connections, how many opened before the youngest pod was there. */
const older = (view: View): string => {
  const { observation, situation } = view
  if (observation.backends.every(({ startedAt }) => startedAt === undefined)) return lateFirst(view)
  const youngest = Math.max(...observation.backends.map(({ startedAt }) => startedAt ?? -Infinity))
  const dated = situation.flows?.filter(({ openedAt }) => openedAt !== undefined) ?? []
  if (dated.length === 0) return 'the older a pod, the more it has'
  const before = dated.filter(({ openedAt = 0 }) => openedAt < youngest).length
  return `${before} of ${dated.length} connections were opened before the youngest pod was there`
}

/** Of the pods, whose first connection came last, and after how many others. */
const lateFirst = ({ observation: { backends, flows = [] } }: View): string => {
  const firsts = backends.map(({ name }) =>
    flows.reduce(
      (first, { backend, openedAt = 0 }) => (backend === name ? Math.min(first, openedAt) : first),
      Infinity,
    ),
  )
  const latest = Math.max(...firsts.filter((first) => first < Infinity))
  const before = flows.filter(({ openedAt = 0 }) => openedAt < latest).length
  return `nobody told their ages, but the first connection to ${backends[firsts.indexOf(latest)]?.name} came after ${before} of ${flows.length}`
}

const range = (counts: readonly number[]): string => {
  const [low, high] = [Math.min(...counts), Math.max(...counts)]
  return low === high ? String(low) : listed([String(low), String(high)]).replace(' and ', ' or ')
}
