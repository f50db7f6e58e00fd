import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { answerCalls } from '../support/child-calls.ts'
import { dial, ECHO } from './dial.ts'

/** Connections at a steady pace, and some that stay: a process of its own, in the namespace of the node or of the pods. */
export type TrafficRequest =
  | { readonly ask: 'begin'; readonly targets: readonly Target[]; readonly everyMs: number }
  /** answers what happened since the last question */
  | { readonly ask: 'tally' }
  | { readonly ask: 'end' }

export interface Target {
  readonly name: string
  readonly to: string
  readonly port: number
  /** an address of a pod that dials, in the pods' namespace */
  readonly from?: string
}

export interface Tally {
  /** new connections that ended, well or not */
  readonly connections: number
  /** what failed, and when (ms since the beginning) */
  readonly failures: readonly string[]
  /** connections that took as long as a lost first packet costs, while one was sent again: a client or server that got no CPU is not meant */
  readonly late: readonly string[]
  /** connections that stay open, and the exchanges on them */
  readonly held: number
  readonly exchanges: number
}

/** ms: a SYN that is lost is sent again after one second */
const LATE = 950

/** SYNs that this network namespace has sent again so far (and SYN-ACKs: a kernel without CPU). */
const resentSyns = (): number => {
  const [names = '', values = ''] = readFileSync('/proc/self/net/netstat', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
  const at = names.split(' ').indexOf('TCPSynRetrans')
  if (at < 0) throw new Error('this kernel does not count TCPSynRetrans')
  return Number(values.split(' ')[at])
}

const traffic = (): ((request: TrafficRequest) => Promise<Tally>) => {
  const timers: NodeJS.Timeout[] = []
  const sockets: Socket[] = []
  const inFlight = new Set<Promise<void>>()
  let connections = 0
  let exchanges = 0
  let failures: string[] = []
  let late: string[] = []
  const began = performance.now()
  const at = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`

  const once = async (target: Target): Promise<void> => {
    const start = performance.now()
    const resent = resentSyns()
    const answer = await dial(target.to, target.port, target.from)
    const took = performance.now() - start
    connections++
    if (/^E[A-Z]+$/.test(answer) || answer === '') failures.push(`${at()} ${target.name}: ${answer || 'no answer'}`)
    else if (took > LATE && resentSyns() > resent) late.push(`${at()} ${target.name}: ${Math.round(took)} ms`)
  }
  /** Opens one that stays: every 100 ms a byte there and back. A byte that is not back within 2 s is a failure. */
  const hold = (target: Target): void => {
    const socket = connect({ host: target.to, port: ECHO, ...(target.from && { localAddress: target.from }) })
    sockets.push(socket)
    let sent = 0
    const fail = (why: string): void => void failures.push(`${at()} ${target.name}, held: ${why}`)
    socket.setNoDelay(true).setTimeout(2_000, () => socket.destroy(new Error('silent')))
    socket.on('connect', () => timers.push(setInterval(() => sent++ >= 0 && socket.writable && socket.write('x'), 100)))
    socket.on('data', () => exchanges++)
    socket.on('error', (error) => fail(error.message))
    socket.on('close', () => ending || fail('closed'))
  }
  let ending = false
  return async (request) => {
    if (request.ask === 'begin') {
      for (const target of request.targets) {
        hold(target)
        timers.push(
          setInterval(() => {
            const dialled = once(target).finally(() => inFlight.delete(dialled))
            inFlight.add(dialled)
          }, request.everyMs),
        )
      }
    } else if (request.ask === 'end') {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(inFlight)
    }
    const tally = { connections, failures, late, held: sockets.filter((socket) => !socket.destroyed).length, exchanges }
    if (request.ask === 'end') {
      ending = true
      for (const socket of sockets) socket.destroy()
    }
    connections = exchanges = 0
    failures = []
    late = []
    return tally
  }
}

answerCalls(traffic())
