import type { NodeReading, ServiceOnNode } from './node-reading.ts'

/** What the reader of a verdict must know of a Service's data, as it was read from nodes. */
export interface Reservations {
  readonly service: string
  readonly nodes: readonly NodeReading[]
  readonly measure: 'opened' | 'open'
  /** connections by backends that are neither in any rules nor in objects: gone, or drained */
  readonly gone: ReadonlyMap<string, number>
  /** connections to its backends of which nobody knows whether they came through a proxy */
  readonly unclear: number
  /** connections without a count of bytes, where bytes are judged */
  readonly withoutBytes: number
}

export const notesOf = (all: Reservations): readonly string[] => {
  const serving = all.nodes.flatMap(({ services }) => services.get(all.service) ?? [])
  return [
    ...(all.withoutBytes > 0 ? [`${all.withoutBytes} connections have no count of bytes`] : []),
    ...Array.from(
      all.gone,
      ([backend, count]) => `${count} connections to ${backend}, which gets no new ones by any rules, are left out`,
    ),
    ...(all.measure === 'open' ? unclearNote(all) : [...uncounted(serving), ...unequalBeginnings(all)]),
    ...doubts(serving),
  ]
}

const unclearNote = ({ unclear }: Reservations): readonly string[] =>
  unclear === 0
    ? []
    : [
        `${unclear} connections to its backends are left out: the nodes that they came from are not among those given, so nobody knows whether they came through the Service`,
      ]

const uncounted = (serving: readonly ServiceOnNode[]): readonly string[] =>
  serving.some(({ opened }) => opened !== null)
    ? []
    : ['nothing that was read counts its connections: give iptables-save -c, ipvsadm -Ln --stats or conntrack -L']

const unequalBeginnings = ({ nodes, service }: Reservations): readonly string[] => {
  const off = nodes.filter(({ countersOff, services }) => countersOff && services.has(service))
  if (off.length === 0) return []
  const where = off.map(({ node }) => (node === '' ? 'this node' : node)).join(', ')
  return [
    `counters of ${where} are from different moments (rules that are written anew begin at zero): part of what differs may be that; compare two readings with --since`,
  ]
}

const doubts = (serving: readonly ServiceOnNode[]): readonly string[] => {
  const unknown = serving.flatMap((one) => one.unknown)
  if (unknown.length === 0) return []
  const more = unknown.length > 1 ? ` (and ${unknown.length - 1} more)` : ''
  return [`the odds of the rules are left out, as not all of them were understood: ${unknown[0]}${more}`]
}
