import { formatEndpoint } from '../../src/model/address.ts'
import type { Frontend } from '../../src/model/frontend.ts'
import type { NodeView } from '../../src/model/node-view.ts'
import type { Packet } from '../../src/model/packet.ts'
import type { PlaneVariant } from '../../src/dataplane/registry.ts'
import type { Answer, Dial, Listening } from './answer.ts'
import { backendsSeen, type Expected, judge, type Judged, type Spread, type Tried } from './judge.ts'
import { type Station, startStation } from './stations.ts'
import { createWorld, type StationName, stationNames, stationOf, type World } from './world.ts'

export interface Row {
  readonly packet: Packet
  readonly want: Expected
}

/** Rows that one plan of one node answers. */
export interface RowGroup {
  readonly name: string
  readonly node: NodeView
  readonly frontends: readonly Frontend[]
  readonly rows: readonly Row[]
}

export interface RowResult extends Judged {
  readonly group: string
  readonly row: Row
  /** the slowest refusal, 0 none */
  readonly refusedMs: number
}

export interface RunnerOptions {
  readonly variant: PlaneVariant
  /** part of the namespaces' names, so that several runners can work at once */
  readonly world: string
  /** factor on every waiting time; default 1. An emulated machine needs about 6 */
  readonly patience?: number
}

/** The real kernel as a judge: three namespaces with a process in each, where real packets are sent. */
export class PacketRunner implements AsyncDisposable {
  readonly #world: World
  readonly #stations: Readonly<Record<StationName, Station>>
  readonly #options: RunnerOptions
  readonly #patience: number
  #nextPort = FIRST_PORT

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#patience = options.patience ?? 1
    this.#world = createWorld('ek-conformance', options.world)
    const start = (name: StationName): Station => startStation(this.#world.namespaceOf(name), 60_000 * this.#patience)
    this.#stations = { node: start('node'), pods: start('pods'), outside: start('outside') }
  }

  /** Puts the group's plan into force, sends its packets, takes it away again. */
  async run(group: RowGroup): Promise<readonly RowResult[]> {
    this.#world.configure(group.node)
    const { node } = this.#stations
    try {
      await this.#serve(group)
      const { variant } = this.#options
      await node.install({ variant, node: group.node, frontends: group.frontends })
      const results = await this.#judgeAll(group)
      const { missed } = await node.uninstall()
      return missed === 0
        ? results
        : results.map((result) => ({ ...result, problem: result.problem || `${missed} packets found no backend` }))
    } finally {
      await node.uninstall()
      await Promise.all(Object.values(this.#stations).map((station) => station.close()))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#stations).map((station) => station[Symbol.asyncDispose]()))
    this.#world[Symbol.dispose]()
  }

  async #serve({ node, rows }: RowGroup): Promise<void> {
    const at = new Map<StationName, Map<string, Listening>>(stationNames.map((name) => [name, new Map()]))
    const add = (protocol: Listening['protocol'], address: string, port: number): void => {
      if (isUnicast(address))
        at.get(stationOf(node, address))?.set(`${protocol} ${formatEndpoint(address, port)}`, {
          protocol,
          address,
          port,
        })
    }
    for (const { packet, want } of rows) {
      add(packet.protocol, packet.to, packet.port)
      for (const backend of want.backends ?? []) add(packet.protocol, ...splitEndpoint(backend))
    }
    await Promise.all(stationNames.map((name) => this.#stations[name].serve([...(at.get(name)?.values() ?? [])])))
  }

  /** In rounds: all rows together, then those again that have not yet seen every backend. */
  async #judgeAll(group: RowGroup): Promise<readonly RowResult[]> {
    const open = group.rows.map((row) => ({ row, spread: spreadOf(group.frontends, row.packet), tried: [] as Tried[] }))
    for (let round = 0; round < ROUNDS; round++) {
      const dials = open.flatMap((one) =>
        this.#dialsOf(one.row, one.tried, one.spread, round).map((dial) => ({ one, dial })),
      )
      if (dials.length === 0) break
      const answers = await this.#dial(
        group.node,
        dials.map(({ dial }) => dial),
      )
      dials.forEach(({ one, dial }, index) => {
        one.tried.push({ dial, answer: answers[index] ?? { kind: 'failed', error: 'no answer from the station' } })
      })
    }
    return open.map(({ row, tried, spread }) => ({
      group: group.name,
      row,
      ...judge(row.packet, row.want, tried, spread),
      refusedMs: Math.max(0, ...tried.map(({ answer }) => (answer.kind === 'refused' ? answer.ms : 0))),
    }))
  }

  #dialsOf({ packet, want }: Row, tried: readonly Tried[], spread: Spread, round: number): Dial[] {
    const backends = want.verdict === 'dnat' ? (want.backends?.length ?? 0) : 0
    if (round > 0 && (backends === 0 || spread !== 'all' || backendsSeen(tried).size >= backends)) return []
    if (round > 0 && tried.some(({ answer }) => answer.kind !== 'answered')) return []
    // Twice around the rotation shows a backend that should not be there; a few at a time for many.
    const count = backends === 0 ? 1 : Math.min(64, 2 * backends)
    // Silence is believed soon where it is expected, and late where it is not.
    const patienceMs = (want.verdict === 'drop' ? 250 : 2_500) * this.#patience
    return Array.from({ length: count }, () => ({
      protocol: packet.protocol,
      from: packet.from,
      fromPort: this.#port(),
      to: packet.to,
      port: packet.port,
      patienceMs,
    }))
  }

  async #dial(node: NodeView, dials: readonly Dial[]): Promise<readonly Answer[]> {
    const answers = new Map<Dial, Answer>()
    await Promise.all(
      stationNames.map(async (name) => {
        const own = dials.filter((dial) => stationOf(node, dial.from) === name)
        for (let start = 0; start < own.length; start += AT_ONCE) {
          const some = own.slice(start, start + AT_ONCE)
          const got = await this.#stations[name].dial(some)
          some.forEach((dial, index) =>
            answers.set(dial, got[index] ?? { kind: 'failed', error: 'no answer from the station' }),
          )
        }
      }),
    )
    return dials.map((dial) => answers.get(dial) ?? { kind: 'failed', error: 'not dialled' })
  }

  /** A port of its own for every packet, so that conntrack knows none of them. */
  #port(): number {
    const port = this.#nextPort++
    if (this.#nextPort > LAST_PORT) this.#nextPort = FIRST_PORT
    return port
  }
}

// Clear of the ports that rows use, which are below 40,000.
const FIRST_PORT = 40_000
const LAST_PORT = 65_000
const ROUNDS = 12
const AT_ONCE = 256

/** Of the frontend that the packet is for; another address' NodePort may be taken for it, with the same Service behind. */
const spreadOf = (frontends: readonly Frontend[], { to, port, protocol }: Packet): Spread => {
  const frontend = frontends.find(
    (one) => (one.address === to || one.address === null) && one.port === port && one.protocol === protocol,
  )
  if (!frontend) return 'all'
  if (frontend.affinitySeconds !== null || frontend.scheduler === 'sh') return 'one'
  return frontend.scheduler === 'maglev' || frontend.scheduler === 'dh' ? 'some' : 'all'
}

const splitEndpoint = (endpoint: string): [address: string, port: number] => {
  const colon = endpoint.lastIndexOf(':')
  return [endpoint.slice(0, colon).replace(/^\[|\]$/g, ''), Number(endpoint.slice(colon + 1))]
}

const isUnicast = (address: string): boolean => !/^(0\.|22[4-9]\.|2[3-5]\d\.|ff)/.test(address)
