import { constants } from 'node:os'
import { errnoName } from '../errno.ts'
import { KernelError } from '../errors.ts'
import type { Libc } from '../libc.ts'
import { dropFrom } from './filter.ts'
import type { Transport } from './transport.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_ATTACH_FILTER = 26
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const SOL_NETLINK = 270
const NETLINK_ADD_MEMBERSHIP = 1
const NETLINK_DROP_MEMBERSHIP = 2
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12
/** sizeof(struct sock_fprog) */
const SOCK_FPROG = 16
const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20
const { EAGAIN, EINTR, EPERM } = constants.errno

/** Kernel datagrams are at most 32 KiB (netlink_recvmsg's dump buffers); 128 KiB leaves room. */
const DATAGRAM = 128 << 10
/** From here on the kernel works long enough (about 1 ms) that the event loop should not wait for it. */
const THREAD_FROM = 64 << 10
/** struct sk_buff and alignment, which the kernel counts into the send buffer */
const OVERHEAD = 4096

export interface NetlinkOptions {
  /** NETLINK_NETFILTER, NETLINK_ROUTE */
  readonly protocol: number
  /** bytes of replies or events that may wait; default 4 MiB */
  readonly receiveBuffer?: number
  /** messages that this port caused are dropped in the kernel: their sender need not hear of them */
  readonly deafTo?: number
  /** requests of at least this many bytes are sent in a thread, because the kernel works on them for long; default 64 KiB */
  readonly threadFrom?: number
}

/** A netlink socket of the network namespace this process runs in. */
export class NetlinkSocket implements Transport {
  readonly portId: number
  readonly #libc: Libc
  readonly #fd: number
  readonly #datagram = Buffer.allocUnsafeSlow(DATAGRAM)
  readonly #threadFrom: number
  #sendBuffer = 0
  #stopPolling: (() => void) | null = null
  #closed = false
  /** sends that are at work, or wait, in threads */
  #inThreads = 0

  constructor(libc: Libc, options: NetlinkOptions) {
    this.#libc = libc
    this.#threadFrom = options.threadFrom ?? THREAD_FROM
    this.#fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, options.protocol)
    if (this.#fd < 0) throw this.#failure('netlink socket')
    try {
      this.portId = this.#bind()
      this.#option(SOL_NETLINK, NETLINK_EXT_ACK, 1)
      this.#option(SOL_NETLINK, NETLINK_CAP_ACK, 1)
      this.#option(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
      this.#resize(SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBuffer ?? 4 << 20)
      // a kernel that refuses sends us more than we need
      if (options.deafTo !== undefined) this.#filter(dropFrom(options.deafTo))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  send(datagram: Uint8Array, operation: string): void | Promise<void> {
    this.#mustBeOpen(operation)
    if (datagram.length + OVERHEAD > this.#sendBuffer) this.#growSendBuffer(datagram.length + OVERHEAD, operation)
    if (datagram.length >= this.#threadFrom) return this.#sendInThread(datagram, operation)
    this.#sendNow(datagram, operation)
  }

  receive(operation: string): Buffer | null {
    this.#mustBeOpen(operation)
    for (;;) {
      const length = this.#libc.recv(this.#fd, this.#datagram, DATAGRAM, MSG_DONTWAIT | MSG_TRUNC)
      if (length > DATAGRAM)
        throw new KernelError({
          operation,
          errno: '',
          detail: `reply of ${length} bytes, at most ${DATAGRAM} expected`,
        })
      if (length >= 0) return this.#datagram.subarray(0, length)
      const errno = this.#libc.errno()
      if (errno === EAGAIN) return null
      if (errno !== EINTR) throw this.#failure(operation, errno)
    }
  }

  /** Joins a multicast group (NFNLGRP_…, RTNLGRP_…): events arrive from now on. */
  join(group: number): void {
    this.#must(this.#option(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group), `netlink join group ${group}`)
  }

  leave(group: number): void {
    this.#must(this.#option(SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, group), `netlink leave group ${group}`)
  }

  /** Calls back when something can be received. Does not keep the process alive. */
  whenReadable(run: () => void): void {
    this.#stopPolling?.()
    this.#stopPolling = this.#libc.whenReadable(this.#fd, run)
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopPolling?.()
    this.#release()
  }

  /** A thread may begin later than it was asked to: a number given back before could be another's descriptor by then. */
  #release(): void {
    if (this.#closed && this.#inThreads === 0) this.#libc.close(this.#fd)
  }

  #sendNow(datagram: Uint8Array, operation: string): void {
    for (;;) {
      const sent = this.#libc.send(this.#fd, datagram, datagram.length, 0)
      if (sent === datagram.length) return
      const errno = sent < 0 ? this.#libc.errno() : 0
      if (errno !== EINTR) throw this.#failure(operation, errno)
    }
  }

  async #sendInThread(datagram: Uint8Array, operation: string): Promise<void> {
    this.#inThreads++
    try {
      const sent = await this.#libc.sendInThread(this.#fd, datagram, datagram.length, 0)
      // The thread's errno is gone. A send that failed did nothing, so a second one fails the same way, and here errno can be read.
      if (sent !== datagram.length) this.#sendNow(datagram, operation)
    } finally {
      this.#inThreads--
      this.#release()
    }
  }

  #bind(): number {
    // struct sockaddr_nl: family, pad, port id (0: the kernel chooses), groups
    const address = Buffer.alloc(12)
    address.writeUInt16LE(AF_NETLINK, 0)
    this.#must(this.#libc.bind(this.#fd, address, address.length), 'netlink bind')
    const length = Buffer.alloc(4)
    length.writeUInt32LE(address.length)
    this.#must(this.#libc.getsockname(this.#fd, address, length), 'netlink getsockname')
    return address.readUInt32LE(4)
  }

  /** The whole batch must fit the send buffer. Past net.core.wmem_max that takes CAP_NET_ADMIN. */
  #growSendBuffer(needed: number, operation: string): void {
    const size = Math.max(needed, 256 << 10)
    this.#sendBuffer = this.#resize(SO_SNDBUFFORCE, SO_SNDBUF, size)
    if (this.#sendBuffer >= needed) return
    const detail = `batch of ${needed} bytes, send buffer of ${this.#sendBuffer}: needs CAP_NET_ADMIN or a larger net.core.wmem_max`
    throw new KernelError({ operation, errno: 'EMSGSIZE', detail })
  }

  /** Classic BPF, eight bytes an instruction. */
  #filter(program: Uint8Array): void {
    // struct sock_fprog: u16 len, pointer to the instructions; they follow it here, so that they live as long
    const description = Buffer.alloc(SOCK_FPROG + program.length)
    description.writeUInt16LE(program.length / 8, 0)
    description.writeBigUInt64LE(this.#libc.addressOf(description) + BigInt(SOCK_FPROG), 8)
    description.set(program, SOCK_FPROG)
    this.#libc.setsockopt(this.#fd, SOL_SOCKET, SO_ATTACH_FILTER, description, SOCK_FPROG)
  }

  /** The size now in force, as we count it (the kernel doubles what it is given for its own bookkeeping). */
  #resize(force: number, ordinary: number, size: number): number {
    if (this.#option(SOL_SOCKET, force, size) === 0) return size
    this.#option(SOL_SOCKET, ordinary, size)
    return this.#readBufferSize(ordinary)
  }

  #readBufferSize(option: number): number {
    const value = Buffer.alloc(4)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(4)
    return this.#libc.getsockopt(this.#fd, SOL_SOCKET, option, value, length) === 0 ? value.readUInt32LE() / 2 : 0
  }

  #option(level: number, option: number, value: number): number {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    return this.#libc.setsockopt(this.#fd, level, option, bytes, 4)
  }

  #must(result: number, operation: string): void {
    if (result < 0) throw this.#failure(operation)
  }

  #mustBeOpen(operation: string): void {
    if (this.#closed) throw new KernelError({ operation, errno: 'EBADF', detail: 'the connection is closed' })
  }

  #failure(operation: string, errno = this.#libc.errno()): KernelError {
    return new KernelError({
      operation,
      errno: errnoName(errno),
      ...(errno === EPERM ? { detail: 'needs CAP_NET_ADMIN' } : {}),
    })
  }
}
