import type { Log } from '../../util/log.ts'
import { type EventTransport, readEvents } from '../netlink/events.ts'
import type { Message } from '../netlink/messages.ts'
import type { Fault } from '../netlink/reader.ts'
import { NFNL_SUBSYS_NFTABLES } from '../netlink/wire.ts'
import type { Nftables } from './types.ts'
import { attributesOf, familyOf } from './objects.ts'
import { NFNLGRP_NFTABLES, NFT_MSG_NEWGEN, NFTA_TABLE } from './wire.ts'

type Listener = Parameters<Nftables['watch']>[1]

/** Changes are reported together when no more came for this long: a foreign ruleset of thousands of messages is one report … */
const QUIET_MS = 20
/** … but at the latest after this long. */
const GATHER_MS = 500

const names: Readonly<Record<number, string>> = {
  0: 'add table',
  2: 'delete table',
  3: 'add chain',
  5: 'delete chain',
  6: 'add rule',
  8: 'delete rule',
  9: 'add set',
  11: 'delete set',
  12: 'add element',
  14: 'delete element',
  18: 'add object',
  20: 'delete object',
}

/** Others' changes to tables, from NFNLGRP_NFTABLES. Ours (by port id) are passed over, where the kernel did not drop them already. */
export class TableEvents implements Disposable {
  readonly #transport: EventTransport
  readonly #log: Log
  readonly #isOurs: (portId: number) => boolean
  readonly #listeners = new Map<string, Listener[]>()
  readonly #pending = new Map<string, string>()
  #lost = ''
  #timer: NodeJS.Timeout | null = null
  #heard = false
  #first = 0
  #last = 0

  constructor(transport: EventTransport, log: Log, isOurs: (portId: number) => boolean) {
    this.#transport = transport
    this.#log = log
    this.#isOurs = isOurs
    transport.join(NFNLGRP_NFTABLES)
    transport.whenReadable(() => this.#read())
  }

  listen(table: string, listener: Listener): void {
    this.#listeners.set(table, [...(this.#listeners.get(table) ?? []), listener])
  }

  /** Something may have been missed. */
  lose(what: string): void {
    this.#lost ||= what
    this.#report()
  }

  /** Deaf for a while: the kernel makes no events of a large change of our own. What others did meanwhile is for the caller to find. */
  pause(): void {
    this.#transport.leave(NFNLGRP_NFTABLES)
  }

  resume(): void {
    this.#transport.join(NFNLGRP_NFTABLES)
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#listeners.clear()
    this.#transport[Symbol.dispose]()
  }

  #read(): void {
    this.#heard = false
    readEvents(this.#transport, 'nftables watch', {
      message: (message, fault) => this.#message(message, fault),
      lose: (what) => this.lose(what),
    })
    if (this.#heard) this.#report()
  }

  #message(message: Message, fault: Fault): void {
    if (this.#isOurs(message.portId) || message.type >>> 8 !== NFNL_SUBSYS_NFTABLES) return
    const type = message.type & 0xff
    if (type === NFT_MSG_NEWGEN) return
    const attributes = attributesOf(message, fault)
    if (!attributes.next() || attributes.type !== NFTA_TABLE) return
    const table = attributes.string()
    if (!this.#listeners.has(table)) return
    this.#heard = true
    if (this.#pending.has(table)) return
    const family = familyOf(message) ?? 'other'
    this.#pending.set(table, `${names[type] ?? `message ${type}`} in ${family} ${table} by port ${message.portId}`)
  }

  #report(): void {
    this.#last = performance.now()
    if (this.#timer !== null) return
    this.#first = this.#last
    this.#timer = setTimeout(() => this.#deliver(), QUIET_MS).unref()
  }

  #deliver(): void {
    // The timer may be due because we were busy, not because it is quiet.
    this.#read()
    const now = performance.now()
    if (now - this.#last < QUIET_MS && now - this.#first < GATHER_MS) {
      this.#timer = setTimeout(() => this.#deliver(), QUIET_MS).unref()
      return
    }
    this.#timer = null
    const lost = this.#lost
    const changed = [...this.#pending]
    this.#lost = ''
    this.#pending.clear()
    if (lost !== '') {
      this.#log.debug({ what: lost }, 'nftables events lost')
      for (const listeners of this.#listeners.values())
        for (const listener of listeners) listener({ kind: 'lost', what: lost })
      return
    }
    for (const [table, what] of changed)
      for (const listener of this.#listeners.get(table) ?? []) listener({ kind: 'changed', what })
  }
}
