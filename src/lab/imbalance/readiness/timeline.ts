import type { ProbeSettings } from './kubelet.ts'

/** What happens to pods, in seconds; each stands for about ten. */

/** from a change until it is written for the nodes: the kubelet, the API server, the EndpointSlice controller */
export const controlSeconds = 1

export const healthPort = 7999

export const settings: ProbeSettings = {
  periodSeconds: 1,
  timeoutSeconds: 0.2,
  successThreshold: 1,
  failureThreshold: 3,
  port: healthPort,
}

/** A container runs, but its server does not listen yet; then it listens, and is slow at first. */
export const starting = { deafSeconds: 2, slowSeconds: 2, slowAnswerMs: 800 } as const

/** A server takes connections and answers nothing. */
export const failing = { seconds: 6 } as const

/** With preStop the server goes on for so long after the deletion; without, it ends at once. */
export const terminating = { preStopSeconds: 3 } as const

/** an answer that takes longer is slow */
export const slowMs = 500

/** of clients; longer than the slow answers */
export const timeoutMs = 2000

export const phases = ['starting', 'failing', 'terminating'] as const
export type Phase = (typeof phases)[number]

/** watched from the event on: until every effect has ended, and some */
export const watched: { readonly [phase in Phase]: number } = { starting: 8, failing: 11, terminating: 6 }
