import type { Flow, Observation } from '../../../../src/inspect/skew/observation.ts'
import { addressOf, clusterAddress, epoch, port } from './objects.ts'

/** `conntrack -L` of one node; ages as `nf_conntrack_timestamp` keeps them. */
export const printConntrack = (flows: readonly Flow[], { backends, facts }: Observation): string => {
  const index = new Map(backends.map(({ name }, i) => [name, i]))
  return flows
    .map(({ client, backend, openedAt, bytes, bypassed }, i) => {
      const pod = addressOf(index.get(backend) ?? 0)
      const dialled = bypassed === true ? pod : clusterAddress
      const from = 20_000 + (i % 40_000)
      const half = bytes === undefined ? '' : ` packets=9 bytes=${Math.floor(bytes / 2)}`
      const back = bytes === undefined ? '' : ` packets=9 bytes=${Math.ceil(bytes / 2)}`
      const age =
        openedAt === undefined || facts.at === undefined ? '' : ` delta-time=${Math.round(facts.at - openedAt)}`
      return `tcp      6 86390 ESTABLISHED src=${client} dst=${dialled} sport=${from} dport=${bypassed === true ? port : 80}${half} src=${pod} dst=${client} sport=${port} dport=${from}${back} [ASSURED] mark=0${age} use=1\n`
    })
    .join('')
}

/** A log of connections, as a proxy or an exporter writes it. */
export const printLog = (flows: readonly Flow[], { unit }: Observation): string => {
  const timed = flows.some(({ openedAt }) => openedAt !== undefined)
  const placed = flows.some(({ node }) => node !== undefined)
  const load = unit === 'bytes' || unit === 'requests' || unit === 'cpu' ? unit : null
  const loaded = load !== null && flows.every((flow) => flow[load] !== undefined)
  const columns = ['client', 'pod', ...(placed ? ['node'] : []), ...(timed ? ['opened', 'closed'] : [])]
  const time = (at: number | null | undefined): string => (at === null || at === undefined ? '' : String(epoch + at))
  const lines = flows.map((flow) => [
    flow.client,
    flow.backend,
    ...(placed ? [flow.node ?? ''] : []),
    ...(timed ? [time(flow.openedAt), time(flow.closedAt)] : []),
    ...(loaded && load !== null ? [String(flow[load])] : []),
  ])
  return [[...columns, ...(loaded && load !== null ? [load] : [])], ...lines]
    .map((cells) => `${cells.join(',')}\n`)
    .join('')
}

/** The same as lines of JSON, which say of what kind a connection is. */
export const printLines = (flows: readonly Flow[]): string =>
  flows
    .map((flow) => {
      const { openedAt, closedAt } = flow
      const times = {
        ...(openedAt === undefined ? {} : { openedAt: epoch + openedAt }),
        ...(closedAt === undefined || closedAt === null ? {} : { closedAt: epoch + closedAt }),
      }
      return `${JSON.stringify({ ...flow, ...times })}\n`
    })
    .join('')

/** Counts by hand or from a dashboard; of several nodes that have no rules to show, a line for each. */
export const printCounts = ({ backends, unit, nodes = [] }: Observation): string => {
  const column = unit === 'connections' ? 'connections' : unit
  const counted = unit === 'connections' && nodes.length > 0 && nodes.every(({ odds }) => odds === null)
  const behind = unit !== 'connections' && backends.every(({ connections }) => connections !== undefined)
  if (counted)
    return `pod,node,connections\n${backends.map(({ name }, i) => nodes.map(({ node, counts }) => `${name},${node},${counts[i] ?? 0}\n`).join('')).join('')}`
  return `pod,${column}${behind ? ',connections' : ''}\n${backends.map(({ name, count, connections }) => `${name},${count}${behind ? `,${connections ?? 0}` : ''}\n`).join('')}`
}

/** `kubectl top pods`, which has no more than whole millicores */
export const printTop = ({ backends }: Observation): string =>
  `NAME   CPU(cores)   MEMORY(bytes)\n${backends.map(({ name, count }) => `${name.split('/')[1] ?? name}   ${Math.round(count)}m   40Mi\n`).join('')}`
