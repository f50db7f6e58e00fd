import type { Protocol } from '../../src/model/objects.ts'

/** One packet to send; ports and addresses as the client has them, before any NAT. */
export interface Dial {
  readonly protocol: Protocol
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly port: number
  /** silence after this long is the answer */
  readonly patienceMs: number
}

export interface Listening {
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
}

/** What became of one packet, as the client saw it. */
export type Answer =
  /** `server`: the endpoint that answers; `client`: the source that it saw (both `formatEndpoint`) */
  | { readonly kind: 'answered'; readonly server: string; readonly client: string; readonly ms: number }
  /** TCP reset or ICMP unreachable */
  | { readonly kind: 'refused'; readonly ms: number }
  | { readonly kind: 'silent' }
  /** none of these: a fault of the world that we built, or a surprise */
  | { readonly kind: 'failed'; readonly error: string }

/** What a server sends to every client: who it is, and whom it sees. */
export interface Introduction {
  readonly server: string
  readonly client: string
}

export const answered = (introduction: string, ms: number): Answer => {
  try {
    const { server, client } = JSON.parse(introduction) as Introduction
    return { kind: 'answered', server, client, ms }
  } catch {
    return { kind: 'failed', error: `not an introduction: ${JSON.stringify(introduction.slice(0, 80))}` }
  }
}

export const answerOf = (error: NodeJS.ErrnoException, ms: number): Answer => {
  if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') return { kind: 'refused', ms }
  return { kind: 'failed', error: error.message }
}

/** A rule at our own output hook stopped it: silently, or with an ICMP error that is still to come. */
export const isRefusedByRule = (error: NodeJS.ErrnoException): boolean => error.code === 'EPERM'

/**
 * Sends now and, as clients without a connection do, again a few times until `done`: the kernel's rate limit may hold an ICMP
 * error back.
 */
export const repeatedly = (done: AbortSignal, send: () => void): void => {
  send()
  if (done.aborted) return
  const timers = [100, 400, 1_000].map((ms) => setTimeout(send, ms))
  done.addEventListener('abort', () => timers.forEach(clearTimeout))
}

/** One way to serve and to dial. */
export interface Carrier {
  serve(at: Listening): Promise<AsyncDisposable>
  dial(to: Dial): Promise<Answer>
}
