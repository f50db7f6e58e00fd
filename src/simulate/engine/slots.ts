import type { Population } from './population.ts'

/** Connections by slot, flat. The first slots are the sessions of pools; the others are taken and given back. */
export interface Connections {
  /** −1: closed */
  pod: Int32Array
  client: Int32Array
  /** index of the rules that counted it; −1: none did */
  rules: Int32Array
  /** balancer's process × width + target; −1 */
  target: Int32Array
  /** affinity entry; −1 */
  entry: Int32Array
  /** number of the event that ends it: any other end is out of date */
  ticket: Uint32Array
  /** free slots; a stack */
  free: Int32Array
  freeCount: number
  readonly sessions: number
}

export const connectionSlots = ({ sessions, clientOfSession }: Population): Connections => {
  const client = new Int32Array(sessions + 16)
  client.set(clientOfSession)
  return {
    pod: new Int32Array(sessions + 16).fill(-1),
    client,
    rules: new Int32Array(sessions + 16).fill(-1),
    target: new Int32Array(sessions + 16).fill(-1),
    entry: new Int32Array(sessions + 16).fill(-1),
    ticket: new Uint32Array(sessions + 16),
    free: Int32Array.from({ length: sessions + 16 }, (_, i) => sessions + 15 - i),
    freeCount: 16,
    sessions,
  }
}

/** A slot for a connection that no session owns. */
export const takeSlot = (connections: Connections): number => {
  if (connections.freeCount === 0) grow(connections)
  return connections.free[--connections.freeCount] as number
}

export const giveSlot = (connections: Connections, slot: number): void => {
  connections.free[connections.freeCount++] = slot
}

const grow = (connections: Connections): void => {
  const { length } = connections.pod
  const grown = (from: Int32Array, rest: number): Int32Array => {
    const to = new Int32Array(2 * length).fill(rest)
    to.set(from)
    return to
  }
  connections.pod = grown(connections.pod, -1)
  connections.client = grown(connections.client, 0)
  connections.rules = grown(connections.rules, -1)
  connections.target = grown(connections.target, -1)
  connections.entry = grown(connections.entry, -1)
  connections.free = new Int32Array(2 * length)
  for (let i = 0; i < length; i++) connections.free[i] = 2 * length - 1 - i
  connections.freeCount = length
  const ticket = new Uint32Array(2 * length)
  ticket.set(connections.ticket)
  connections.ticket = ticket
}
