import { compareAddresses, formatAddress } from '../model/address.ts'
import type { AddressWatch } from './kernel.ts'
import type { Message } from './netlink/messages.ts'
import { Attributes, type Fault } from './netlink/reader.ts'
import { NetlinkRequests, type Request } from './netlink/requests.ts'
import type { Transport } from './netlink/transport.ts'

const RTM_NEWADDR = 20
const RTM_GETADDR = 22
const RTNLGRP_IPV4_IFADDR = 5
const RTNLGRP_IPV6_IFADDR = 9
/** struct ifaddrmsg: family, prefix length, flags (u8 each), scope, index (u32) */
const IFADDRMSG = 8
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_FLAGS = 8
/** not usable: duplicate address detection runs, or failed */
const IFA_F_TENTATIVE = 0x40
const IFA_F_DADFAILED = 0x08
const AF_INET = 2

/** Pods come and go with interfaces of their own: changes are gathered this long. */
const GATHER_MS = 50
const RETRY_MS = 1000

const listAddresses: Request<string> = {
  operation: 'rtnetlink list addresses',
  object: '',
  write(writer, flags, sequence) {
    writer.begin(RTM_GETADDR, flags, sequence)
    writer.append('\0'.repeat(IFADDRMSG))
    writer.end()
  },
  decode(message, fault, into) {
    const address = message.type === RTM_NEWADDR ? readAddress(message, fault) : null
    if (address !== null) into.push(address)
  },
}

function readAddress(message: Message, fault: Fault): string | null {
  const { bytes, start, end } = message
  if (end - start < IFADDRMSG) {
    fault.add(`cut: address message of ${end - start} bytes`)
    return null
  }
  const attributes = new Attributes(bytes, start + IFADDRMSG, end, fault)
  let peer = ''
  let local = ''
  let flags = bytes[start + 2] ?? 0
  while (attributes.next()) {
    if (attributes.type === IFA_ADDRESS) peer = attributes.raw()
    else if (attributes.type === IFA_LOCAL) local = attributes.raw()
    else if (attributes.type === IFA_FLAGS) flags = attributes.u32le()
  }
  // On a point-to-point IPv4 link IFA_ADDRESS is the other side's.
  const own = local === '' ? peer : local
  if (own.length !== (bytes[start] === AF_INET ? 4 : 16)) return null
  return (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) !== 0 || isLeftOut(own) ? null : formatAddress(own)
}

/**
 * 127/8 and ::1, which NodePorts leave out, and fe80::/10: local addresses too, but every pod's interface brings one, and nobody
 * dials a NodePort there. All others count, on whatever interface: they are what `fib daddr type local` says yes to.
 */
function isLeftOut(address: string): boolean {
  if (address.length === 4) return address.charCodeAt(0) === 127
  const linkLocal = address.charCodeAt(0) === 0xfe && (address.charCodeAt(1) & 0xc0) === 0x80
  return linkLocal || address === `${'\0'.repeat(15)}\x01`
}

/** A transport that can also hear of changes. */
export interface AddressTransport extends Transport {
  join(group: number): void
  whenReadable(run: () => void): void
}

type Listener = (addresses: readonly string[]) => void

/** Watches the addresses of this namespace. Two sockets: events must not lie between a dump's answers. */
export async function watchAddresses(
  requests: Transport,
  events: AddressTransport | null,
  listener?: Listener,
): Promise<AddressWatch> {
  const watch = new Addresses(requests, events, listener)
  try {
    await watch.read()
    return watch
  } catch (error) {
    await watch[Symbol.asyncDispose]()
    throw error
  }
}

class Addresses implements AddressWatch {
  current: readonly string[] = []
  readonly #transport: Transport
  readonly #requests: NetlinkRequests
  readonly #events: AddressTransport | null
  readonly #listener: Listener | undefined
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(transport: Transport, events: AddressTransport | null, listener: Listener | undefined) {
    this.#transport = transport
    this.#requests = new NetlinkRequests(transport)
    this.#events = events
    this.#listener = listener
    events?.join(RTNLGRP_IPV4_IFADDR)
    events?.join(RTNLGRP_IPV6_IFADDR)
    events?.whenReadable(() => this.#changed(events))
  }

  /** Reads all of them again; true: they differ from before. */
  async read(): Promise<boolean> {
    const addresses = [...new Set(await this.#requests.dump(listAddresses))].sort(compareAddresses)
    const same =
      addresses.length === this.current.length && addresses.every((address, i) => address === this.current[i])
    if (!same) this.current = addresses
    return !same
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#events?.[Symbol.dispose]()
    this.#transport[Symbol.dispose]()
  }

  /** An event says only that something changed: which, a dump tells. Lost events (ENOBUFS) therefore cost nothing. */
  #changed(events: AddressTransport): void {
    try {
      while (events.receive('rtnetlink watch addresses') !== null);
    } catch {
      // ENOBUFS: read again, as after any event.
    }
    this.#readAfter(GATHER_MS)
  }

  async #reread(): Promise<void> {
    this.#timer = null
    try {
      if ((await this.read()) && !this.#closed) this.#listener?.(this.current)
    } catch {
      // What is current stays; tried again until it works.
      if (!this.#closed) this.#readAfter(RETRY_MS)
    }
  }

  #readAfter(ms: number): void {
    this.#timer ??= setTimeout(() => void this.#reread(), ms).unref()
  }
}
