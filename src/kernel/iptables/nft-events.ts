import { type EventTransport, readEvents } from '../netlink/events.ts'
import type { Message } from '../netlink/messages.ts'
import type { Fault } from '../netlink/reader.ts'
import { NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import { attributesOf, familyOf } from '../nftables/objects.ts'
import {
  chainAttribute,
  NFNLGRP_NFTABLES,
  NFT_MSG_DELCHAIN,
  NFT_MSG_DELRULE,
  NFT_MSG_DELTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  ruleAttribute,
} from '../nftables/wire.ts'
import type { IptablesEvent, WatchOptions } from './types.ts'

/** Changes are told together when no more came for so long. */
const QUIET_MS = 50

export interface NftEventsOptions extends WatchOptions {
  /** a program that we started: events carry the port of who sent the change, a process id */
  readonly isOurs: (port: number) => boolean
}

const names: ReadonlyMap<number, string> = new Map([
  [NFT_MSG_DELTABLE, 'table deleted'],
  [NFT_MSG_NEWCHAIN, 'chain added'],
  [NFT_MSG_DELCHAIN, 'chain deleted'],
  [NFT_MSG_NEWRULE, 'rule added'],
  [NFT_MSG_DELRULE, 'rule deleted'],
])

/**
 * Others' changes to iptables-nft's tables, as far as the watcher's chains go: to the chains themselves, and to rules of other chains
 * that lead to one (a jump in PREROUTING that somebody flushed). What CNIs do with chains of their own is passed over.
 */
export class NftEvents implements Disposable {
  readonly #transport: EventTransport
  readonly #options: NftEventsOptions
  readonly #listener: (event: IptablesEvent) => void
  #pending: IptablesEvent | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(transport: EventTransport, options: NftEventsOptions, listener: (event: IptablesEvent) => void) {
    this.#transport = transport
    this.#options = options
    this.#listener = listener
    transport.join(NFNLGRP_NFTABLES)
    transport.whenReadable(() => this.read())
  }

  /** Deaf during a large restore of our own: the kernel would make an event of each rule. */
  pause(): void {
    this.#transport.leave(NFNLGRP_NFTABLES)
  }

  resume(): void {
    this.#transport.join(NFNLGRP_NFTABLES)
  }

  /** Something may have been missed. */
  lose(what: string): void {
    this.#tell({ kind: 'lost', what })
  }

  /** Takes what has come. To be called before a process of ours is forgotten: its events are known by its id. */
  read(): void {
    readEvents(this.#transport, 'iptables watch', {
      message: (message, fault) => this.#message(message, fault),
      lose: (what) => this.lose(what),
    })
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#transport[Symbol.dispose]()
  }

  #message(message: Message, fault: Fault): void {
    const { type: full, portId, bytes, start, end } = message
    const name = names.get(full & 0xff)
    if (full >>> 8 !== NFNL_SUBSYS_NFTABLES || name === undefined || this.#options.isOurs(portId)) return
    const family = familyOf(message)
    if (family !== 'ip' && family !== 'ip6') return
    const ofRule = (full & 0xff) === NFT_MSG_NEWRULE || (full & 0xff) === NFT_MSG_DELRULE
    let table = ''
    let chain = ''
    const attributes = attributesOf(message, fault)
    while (attributes.next()) {
      if (attributes.type === 1) table = attributes.string()
      else if (attributes.type === (ofRule ? ruleAttribute.chain : chainAttribute.name)) {
        chain = attributes.string()
        break
      }
    }
    if (!this.#options.tables.includes(table)) return
    const concerns =
      (full & 0xff) === NFT_MSG_DELTABLE ||
      this.#options.isOwn(table, chain) ||
      (ofRule && this.#leadsToOwn(table, bytes.toString('latin1', start, end)))
    if (concerns) this.#tell({ kind: 'changed', what: `${name}: ${family} ${table} ${chain} (by port ${portId})` })
  }

  /** Does a rule name one of the watcher's chains? */
  #leadsToOwn(table: string, message: string): boolean {
    for (const [name] of message.matchAll(this.#options.chainNames)) if (this.#options.isOwn(table, name)) return true
    return false
  }

  #tell(event: IptablesEvent): void {
    this.#pending ??= event
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const pending = this.#pending
      this.#pending = null
      if (pending !== null) this.#listener(pending)
    }, QUIET_MS).unref()
  }
}
