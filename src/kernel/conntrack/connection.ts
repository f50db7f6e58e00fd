import type { Log } from '../../util/log.ts'
import type { Conntrack, FlowFilter } from '../conntrack-types.ts'
import { KernelError } from '../errors.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import type { Transport } from '../netlink/transport.ts'
import type { Flow } from './flow.ts'
import { listFlows, writeDeletion } from './flows.ts'
import { type FlowSelection, selectFlows } from './selection.ts'

/** Flows found in one pass, at most: a flood of them must not fill our memory (half a KiB each). */
const BITE = 65_536
/** So many bites empty the largest table there is; a flood that makes flows as fast as they go is left to the next call. */
const BITES = 32

/** The conntrack table of this network namespace over ctnetlink. */
export class ConntrackConnection implements Conntrack {
  readonly #transport: Transport
  readonly #requests: NetlinkRequests
  readonly #log: Log

  constructor(transport: Transport, log: Log) {
    this.#transport = transport
    this.#requests = new NetlinkRequests(transport)
    this.#log = log
  }

  async deleteFlows(filters: readonly FlowFilter[], signal?: AbortSignal): Promise<number> {
    let deleted = 0
    for (const selection of selectFlows(filters)) deleted += await this.#deleteInBites(selection, signal)
    if (deleted > 0) this.#log.debug({ filters: filters.length, deleted }, 'stale conntrack flows deleted')
    return deleted
  }

  /** The flows that any filter wants, in no order. */
  async flows(filters: readonly FlowFilter[], signal?: AbortSignal): Promise<readonly Flow[]> {
    const found: Flow[] = []
    for (const selection of selectFlows(filters))
      found.push(...unique(await this.#requests.dump(listFlows(selection), signal)))
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transport[Symbol.dispose]()
  }

  async #deleteInBites(selection: FlowSelection, signal?: AbortSignal): Promise<number> {
    let deleted = 0
    for (let bite = 0; bite < BITES; bite++) {
      const flows = await this.#requests.dump(listFlows(selection, BITE), signal)
      deleted += await this.#delete(selection, unique(flows))
      if (flows.length < BITE) break
    }
    return deleted
  }

  async #delete(selection: FlowSelection, flows: readonly Flow[]): Promise<number> {
    const operation = 'conntrack delete'
    const refused = await this.#requests.commands(operation, flows, (writer, flow, flags, sequence) =>
      writeDeletion(writer, selection, flow, flags, sequence),
    )
    let gone = 0
    for (const [errno, count] of refused) {
      // Ended by itself between the list and now.
      if (errno !== 'ENOENT') throw new KernelError({ operation, errno, detail: `${count} of ${flows.length} flows` })
      gone += count
    }
    return flows.length - gone
  }
}

/** A table that is being resized lists some flows twice. */
const unique = (flows: readonly Flow[]): readonly Flow[] =>
  flows.length < 2 ? flows : [...new Map(flows.map((flow) => [flow.zone + flow.id + flow.tuple, flow])).values()]
