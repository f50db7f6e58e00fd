import { loadLibc } from '../../src/kernel/libc.ts'
import { NetlinkSocket } from '../../src/kernel/netlink/socket.ts'
import { NETLINK_NETFILTER } from '../../src/kernel/netlink/wire.ts'
import { monotonicMs } from './monotonic.ts'
import { mentionsOf } from './mentions.ts'
import type { Sought } from './node-protocol.ts'

const NFNLGRP_NFTABLES = 7
const BUFFER = 256 << 20

/**
 * What nf_tables tells of every transaction, by whomever (iptables-nft included), once it is in force: a change of an endpoint is in
 * force when an event names its address or its Service.
 */
export class RulesetEvents implements Disposable {
  readonly #socket: NetlinkSocket
  /** when each was named */
  #mentioned = new Map<string, number[]>()
  #hearing: (() => void) | null = null

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
    socket.join(NFNLGRP_NFTABLES)
    socket.whenReadable(() => this.#hear())
  }

  static async open(): Promise<RulesetEvents> {
    return new RulesetEvents(
      new NetlinkSocket(await loadLibc(), { protocol: NETLINK_NETFILTER, receiveBuffer: BUFFER }),
    )
  }

  forget(): void {
    this.#hear()
    this.#mentioned = new Map()
  }

  /** When each change came into force; null: not within `timeoutMs`. */
  async find(changes: readonly Sought[], timeoutMs: number): Promise<readonly (number | null)[]> {
    const deadline = monotonicMs() + timeoutMs
    for (;;) {
      const found = changes.map((change) => this.#when(change))
      const left = deadline - monotonicMs()
      if (!found.includes(null) || left <= 0) return found
      await this.#next(left)
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]()
  }

  #when({ endpoint, service, since }: Sought): number | null {
    const times = [endpoint, service].flatMap((mark) => this.#mentioned.get(mark)?.find((at) => at >= since) ?? [])
    return times.length === 0 ? null : Math.min(...times)
  }

  #next(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#hearing = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #hear(): void {
    const at = monotonicMs()
    for (let datagram = this.#socket.receive('events'); datagram; datagram = this.#socket.receive('events'))
      for (const mark of mentionsOf(datagram)) {
        const times = this.#mentioned.get(mark)
        if (times === undefined) this.#mentioned.set(mark, [at])
        else if (times.at(-1) !== at) times.push(at)
      }
    this.#hearing?.()
    this.#hearing = null
  }
}
