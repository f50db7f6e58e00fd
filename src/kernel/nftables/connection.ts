import type { Log } from '../../util/log.ts'
import { KernelError } from '../errors.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import type { Transport } from '../netlink/transport.ts'
import { getGeneration, getTable, listChains, listCounters, listElements, listRules, listSets } from './dumps.ts'
import { assembleElements } from './elements.ts'
import { type EventTransport, TableEvents } from './events.ts'
import { Transactions } from './transactions.ts'
import type {
  NftChain,
  NftCounter,
  NftElement,
  NftFamily,
  Nftables,
  NftOperation,
  NftRuleDump,
  NftSet,
  NftTransactionResult,
} from './types.ts'

/** Own transactions of more elements than this are not sent back to us as events: the kernel would make one of each. */
const EVENTS_UP_TO = 1_000

/** Two sockets, so that a long dump does not hold up a change; a third one when somebody watches. */
export interface NftablesTransports {
  readonly transactions: Transport
  readonly requests: Transport
  openEvents(): EventTransport
}

/** nf_tables over raw netlink. */
export class NftablesConnection implements Nftables {
  readonly #transports: NftablesTransports
  readonly #log: Log
  readonly #transactions: Transactions
  readonly #requests: NetlinkRequests
  #events: TableEvents | null = null

  constructor(transports: NftablesTransports, log: Log) {
    this.#transports = transports
    this.#log = log
    this.#transactions = new Transactions(transports.transactions)
    this.#requests = new NetlinkRequests(transports.requests)
  }

  async transaction(operations: readonly NftOperation[], signal?: AbortSignal): Promise<NftTransactionResult> {
    if (this.#events === null || countElements(operations) <= EVENTS_UP_TO)
      return this.#transactions.run(operations, signal)
    return this.#unheard(this.#events, () => this.#transactions.run(operations, signal))
  }

  async tableExists(family: NftFamily, table: string): Promise<boolean> {
    try {
      return await this.#requests.ask(getTable(family, table))
    } catch (error) {
      if (error instanceof KernelError && error.errno === 'ENOENT') return false
      throw error
    }
  }

  chains(family: NftFamily, table: string): Promise<readonly NftChain[]> {
    return this.#requests.dump(listChains(family, table))
  }

  rules(family: NftFamily, table: string, chain?: string): Promise<readonly NftRuleDump[]> {
    return this.#requests.dump(listRules(family, table, chain))
  }

  sets(family: NftFamily, table: string): Promise<readonly NftSet[]> {
    return this.#requests.dump(listSets(family, table))
  }

  async elements(family: NftFamily, table: string, set: NftSet): Promise<readonly NftElement[]> {
    return assembleElements(set, await this.#requests.dump(listElements(family, table, set)))
  }

  counters(family: NftFamily, table: string): Promise<readonly NftCounter[]> {
    return this.#requests.dump(listCounters(family, table))
  }

  generation(): Promise<number> {
    return this.#requests.ask(getGeneration)
  }

  watch(table: string, listener: Parameters<Nftables['watch']>[1]): void {
    this.#events ??= new TableEvents(
      this.#transports.openEvents(),
      this.#log,
      (portId) => portId === this.#transports.transactions.portId,
    )
    this.#events.listen(table, listener)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events?.[Symbol.dispose]()
    this.#transports.transactions[Symbol.dispose]()
    this.#transports.requests[Symbol.dispose]()
  }

  /** Runs a transaction while no events come; the generation tells whether somebody else changed something meanwhile. */
  async #unheard<T>(events: TableEvents, run: () => Promise<T>): Promise<T> {
    const before = await this.generation()
    events.pause()
    let ours = 0
    try {
      const result = await run()
      ours = 1
      return result
    } finally {
      await this.#hearAgain(events, before + ours)
    }
  }

  /** The transaction is over, whatever happens here. */
  async #hearAgain(events: TableEvents, expected: number): Promise<void> {
    try {
      events.resume()
      if ((await this.generation()) === expected) return
      events.lose('others changed the ruleset during a large transaction')
    } catch (error) {
      events.lose(`not watching: ${String(error)}`)
    }
  }
}

function countElements(operations: readonly NftOperation[]): number {
  let count = 0
  for (const operation of operations) if ('elements' in operation) count += operation.elements.length
  return count
}
