import { formatEndpoint } from '../../src/model/address.ts'
import type { Packet, Verdict } from '../../src/model/packet.ts'
import type { Answer, Dial } from './answer.ts'

/** What should become of a packet. */
export interface Expected {
  readonly verdict: Verdict
  /** with dnat: all backends that may be picked, `formatEndpoint` */
  readonly backends?: readonly string[]
  /** null: masqueraded where the backend picked is the sender itself (hairpin), and only there */
  readonly masquerade?: boolean | null
}

/** A dial and what became of it. */
export interface Tried {
  readonly dial: Dial
  readonly answer: Answer
}

export interface Judged {
  /** what is wrong, '' nothing */
  readonly problem: string
  /** what was seen, in one line */
  readonly got: string
}

/**
 * How connections of one client spread: over all backends, by a hash of the connection (some of them are enough), or to one and
 * the same backend (affinity, hash of the client).
 */
export type Spread = 'all' | 'some' | 'one'

export const judge = (packet: Packet, want: Expected, tried: readonly Tried[], spread: Spread): Judged => {
  const seen = tried.map(({ dial, answer }) => observe(packet, want, dial, answer))
  const got = [...new Set(seen.map(describe))].sort().join(' | ')
  return { got, problem: problemOf(packet, want, seen, spread) }
}

/** Backends seen so far: dialing goes on while some are missing. */
export const backendsSeen = (tried: readonly Tried[]): Set<string> =>
  new Set(tried.flatMap(({ answer }) => (answer.kind === 'answered' ? [answer.server] : [])))

interface Seen {
  readonly verdict: Verdict | 'failed'
  readonly backend: string
  readonly masquerade: boolean
  readonly detail: string
}

const observe = (packet: Packet, want: Expected, dial: Dial, answer: Answer): Seen => {
  const plain = { backend: '', masquerade: false, detail: '' }
  switch (answer.kind) {
    case 'refused':
      return { ...plain, verdict: 'reject', detail: `after ${answer.ms.toFixed(0)} ms` }
    case 'silent':
      return { ...plain, verdict: 'drop' }
    case 'failed':
      return { ...plain, verdict: 'failed', detail: answer.error }
    case 'answered': {
      const original = formatEndpoint(packet.to, packet.port)
      // A backend may be the very address that was dialled (a pod in the host's network behind an external IP).
      const translated = answer.server !== original || (want.backends?.includes(original) ?? false)
      const masquerade = answer.client !== formatEndpoint(dial.from, dial.fromPort)
      return { verdict: translated ? 'dnat' : 'none', backend: answer.server, masquerade, detail: '' }
    }
  }
}

const describe = ({ verdict, backend, masquerade, detail }: Seen): string => {
  if (verdict !== 'dnat') return detail ? `${verdict} (${detail})` : verdict
  return `dnat ${backend}${masquerade ? ' masqueraded' : ''}`
}

const problemOf = (packet: Packet, want: Expected, seen: readonly Seen[], spread: Spread): string => {
  const wrong = seen.find(({ verdict }) => verdict !== want.verdict)
  if (wrong) return `${want.verdict} expected`
  if (want.verdict !== 'dnat') return ''
  const got = new Set(seen.map(({ backend }) => backend))
  const foreign = [...got].filter((backend) => !want.backends?.includes(backend))
  if (foreign.length > 0) return `not a backend: ${foreign.join(', ')}`
  if (spread === 'one' && got.size > 1) return `one client was sent to ${got.size} backends`
  const missing = (want.backends ?? []).filter((backend) => !got.has(backend))
  if (spread === 'all' && missing.length > 0) return `never picked: ${missing.join(', ')}`
  const mistaken = seen.find(({ backend, masquerade }) => masquerade !== shouldMasquerade(packet, want, backend))
  return mistaken ? `${mistaken.backend} ${mistaken.masquerade ? 'masqueraded' : 'not masqueraded'}` : ''
}

const shouldMasquerade = (packet: Packet, { masquerade = false }: Expected, backend: string): boolean =>
  masquerade ?? backend.startsWith(formatEndpoint(packet.from, 0).slice(0, -1))
