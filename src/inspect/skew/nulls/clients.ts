import type { Flow, ServiceFacts } from '../observation.ts'

/** Connections of one client that all went to one backend, in the order they opened: chosen once. Never empty. */
export type Run = readonly [Flow, ...Flow[]]

/** A client that is kept changes its backend sometimes: affinity ends, a pod goes. */
const change = 0.05
/** odds at which a client's loyalty is no luck: with them, one fair observation in as many seems loyal */
const enoughOdds = Math.log(1000)
/** of affinity that is configured: it is in force where at least this share of second connections went where the first did */
const loyalEnough = 0.5

const group = <T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const old = groups.get(key)
    if (old === undefined) groups.set(key, [item])
    else old.push(item)
  }
  return groups
}

const byOpening = (a: Flow, b: Flow): number => (a.openedAt ?? 0) - (b.openedAt ?? 0)

const isHash = ({ scheduler }: ServiceFacts): boolean => scheduler === 'sh' || scheduler === 'dh'

/** A client's connections through one node (affinity is each node's own; a hash is the same on all), oldest first. */
const histories = (flows: readonly Flow[], facts: ServiceFacts): readonly (readonly Flow[])[] => {
  const keyOf = ({ client, node }: Flow): string => (isHash(facts) ? client : `${client} ${node ?? ''}`)
  return [...group(flows, keyOf).values()].map((some) => some.toSorted(byOpening))
}

export const clientRuns = (flows: readonly Flow[], facts: ServiceFacts): readonly Run[] =>
  histories(flows, facts).flatMap((history) => {
    // a hash has no memory, a client comes back to where it was; and without times nobody knows how often it left
    if (isHash(facts) || !isDated(history))
      return [...group(history, ({ backend }) => backend).values()] as unknown as readonly Run[]
    const runs: [Flow, ...Flow[]][] = []
    for (const flow of history) {
      const last = runs.at(-1)
      if (last?.[0].backend === flow.backend) last.push(flow)
      else runs.push([flow])
    }
    return runs
  })

/**
 * Do clients stay with their backend? `configured`: affinity or a hash is, and only evidence against it counts. Otherwise the odds of what
 * the second and later connections did, against chance at the shares that the node's backends have, must be overwhelming.
 */
export const keepsClients = (flows: readonly Flow[], configured: boolean): boolean => {
  const shares = sharesByNode(flows)
  let [stayed, left, logOdds] = [0, 0, 0]
  for (const history of histories(flows, {})) {
    const usual = isDated(history) ? null : mostChosen(history)
    for (let i = 1; i < history.length; i++) {
      const [before, now] = [usual ?? (history[i - 1] as Flow), history[i] as Flow]
      const share = shares(before)
      if (before.backend === now.backend) {
        stayed++
        logOdds += Math.log((1 - change) / share)
      } else {
        left++
        logOdds += Math.log(change / (1 - share))
      }
    }
  }
  if (configured) return stayed >= loyalEnough * (stayed + left)
  return logOdds >= enoughOdds
}

const isDated = (history: readonly Flow[]): boolean => history.every(({ openedAt }) => openedAt !== undefined)

/** Without times there is no order: a client is at home where most of its connections are, and the others left. */
const mostChosen = (history: readonly Flow[]): Flow => {
  const homes = [...group(history, ({ backend }) => backend).values()]
  return homes.toSorted((a, b) => b.length - a.length)[0]?.[0] as Flow
}

/** The share of a flow's backend among all flows of its node. */
const sharesByNode = (flows: readonly Flow[]): ((flow: Flow) => number) => {
  const nodeOf = ({ node }: Flow): string => node ?? ''
  const totals = new Map([...group(flows, nodeOf)].map(([node, some]) => [node, some.length]))
  const keyOf = (flow: Flow): string => `${nodeOf(flow)} ${flow.backend}`
  const chosen = new Map([...group(flows, keyOf)].map(([key, some]) => [key, some.length]))
  return (flow) => (chosen.get(keyOf(flow)) ?? 0) / (totals.get(nodeOf(flow)) ?? 1)
}
