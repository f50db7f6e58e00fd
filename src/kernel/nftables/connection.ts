import type { Log } from '../../util/log.ts'
import { KernelError } from '../errors.ts'
import { NetlinkRequests } from '../netlink/requests.ts'
import type { Transport } from '../netlink/transport.ts'
import { getGeneration, getTable, listChains, listCounters, listElements, listRules, listSets } from './dumps.ts'
import { assembleElements } from './elements.ts'
import type { EventTransport } from '../netlink/events.ts'
import { TableEvents } from './events.ts'
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

/** No events come: the generation before the first transaction, those at work, and those that are in force since. */
interface Deaf {
  readonly before: Promise<number>
  running: number
  ours: number
}

/** nf_tables over raw netlink. */
export class NftablesConnection implements Nftables {
  readonly #transports: NftablesTransports
  readonly #log: Log
  readonly #transactions: Transactions
  readonly #requests: NetlinkRequests
  #events: TableEvents | null = null
  #deaf: Deaf | null = null

  constructor(transports: NftablesTransports, log: Log) {
    this.#transports = transports
    this.#log = log
    this.#transactions = new Transactions(transports.transactions)
    this.#requests = new NetlinkRequests(transports.requests)
  }

  async transaction(operations: readonly NftOperation[], signal?: AbortSignal): Promise<NftTransactionResult> {
    const run = (): Promise<NftTransactionResult> => this.#transactions.run(operations, { signal })
    const events = this.#events
    // a small one beside a large one counts as ours too
    if (events !== null && (this.#deaf !== null || countElements(operations) > EVENTS_UP_TO))
      return this.#unheard(events, run)
    return run()
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

  /**
   * Runs a transaction while no events come; the generation tells whether somebody else changed something meanwhile.
   * Transactions that overlap are deaf together.
   */
  async #unheard<T>(events: TableEvents, run: () => Promise<T>): Promise<T> {
    this.#deaf ??= { before: this.#stopHearing(events), running: 0, ours: 0 }
    const deaf = this.#deaf
    deaf.running++
    try {
      await deaf.before
      const result = await run()
      deaf.ours++
      return result
    } finally {
      if (--deaf.running === 0) {
        this.#deaf = null
        await this.#hearAgain(events, deaf)
      }
    }
  }

  async #stopHearing(events: TableEvents): Promise<number> {
    const generation = await this.generation()
    events.pause()
    return generation
  }

  /** The transactions are over, whatever happens here. */
  async #hearAgain(events: TableEvents, { before, ours }: Deaf): Promise<void> {
    try {
      events.resume()
      if ((await this.generation()) === (await before) + ours) return
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
