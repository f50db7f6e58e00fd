import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import type { PodAnswer } from './pod-protocol.ts'
import type { Target } from './traffic-protocol.ts'

/** Connections to pods' servers: one line there, one line back. Failures are errors with an errno as `code`. */

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** `ECONNREFUSED`, … or NOANSWER: closed without an answer */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN'

export interface Held {
  /** Sends a line, awaits the answer. */
  ask(timeoutMs: number): Promise<PodAnswer>
  close(): Promise<void>
  /** resolves with the reason when the other side or the network ended it; after `close` too */
  readonly ended: Promise<unknown>
  readonly localPort: number
}

const parse = (line: string): PodAnswer => {
  try {
    return JSON.parse(line) as PodAnswer
  } catch {
    throw failure('NOANSWER')
  }
}

/** Resolves when connected; the connection stays until `close`. */
export const hold = (target: Target, timeoutMs: number): Promise<Held> => {
  const { promise, resolve, reject } = Promise.withResolvers<Held>()
  const { address: host, port, from: localAddress } = target
  const socket = connect({ host, port, noDelay: true, ...(localAddress !== undefined && { localAddress }) })
  const timer = setTimeout(() => socket.destroy(failure('ETIMEDOUT')), timeoutMs)
  socket.once('connect', () => {
    clearTimeout(timer)
    resolve(heldOn(socket))
  })
  socket.once('close', () => {
    clearTimeout(timer)
    reject(failure('NOANSWER'))
  })
  socket.on('error', (error) => {
    clearTimeout(timer)
    reject(error)
  })
  return promise
}

const heldOn = (socket: Socket): Held => {
  let pending = ''
  let dead: unknown
  let waiting: PromiseWithResolvers<string> | undefined
  const { promise: ended, resolve: markEnded } = Promise.withResolvers<unknown>()
  const fail = (error: unknown): void => {
    dead ??= error
    waiting?.reject(dead)
    markEnded(dead)
  }
  socket.setEncoding('utf8')
  socket.on('error', fail)
  socket.on('close', () => fail(failure('NOANSWER')))
  socket.on('end', () => fail(failure('NOANSWER')))
  socket.on('data', (chunk: string) => {
    pending += chunk
    const end = pending.indexOf('\n')
    if (end < 0) return
    const line = pending.slice(0, end)
    pending = pending.slice(end + 1)
    waiting?.resolve(line)
  })
  return {
    ended,
    localPort: socket.localPort ?? 0,
    async ask(timeoutMs) {
      if (dead !== undefined) throw dead
      waiting = Promise.withResolvers<string>()
      const timer = setTimeout(() => waiting?.reject(failure('ETIMEDOUT')), timeoutMs)
      socket.write('hello\n')
      try {
        return parse(await waiting.promise)
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      if (socket.destroyed) return
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once('close', () => resolve())
      // our FIN first, then the pod's
      socket.end()
      setTimeout(() => socket.destroy(), 1000).unref()
      await promise
    },
  }
}

/** One datagram there, one back; sent once more when half the time has passed. */
const askDatagram = ({ address, port }: Target, timeoutMs: number): Promise<PodAnswer> => {
  const { promise, resolve, reject } = Promise.withResolvers<PodAnswer>()
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const send = (): void => socket.send('hello\n')
  const again = setTimeout(send, timeoutMs / 2)
  const timer = setTimeout(() => reject(failure('ETIMEDOUT')), timeoutMs)
  socket.on('error', reject)
  socket.on('message', (data) => {
    try {
      resolve(parse(data.toString()))
    } catch (error) {
      reject(error)
    }
  })
  socket.connect(port, address, send)
  return promise.finally(() => {
    clearTimeout(again)
    clearTimeout(timer)
    socket.close()
  })
}

/** One whole connection. The time limit is for connecting and for the answer together. */
export const ask = async (target: Target, timeoutMs: number): Promise<PodAnswer> => {
  if (target.protocol === 'UDP') return askDatagram(target, timeoutMs)
  const started = performance.now()
  const held = await hold(target, timeoutMs)
  try {
    return await held.ask(Math.max(1, timeoutMs - (performance.now() - started)))
  } finally {
    await held.close()
  }
}
