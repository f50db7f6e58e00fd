/** What a traffic source is asked and answers. */

export interface Target {
  readonly address: string
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
  /** the local address that a TCP connection comes from; absent: the kernel's choice */
  readonly from?: string
}

export interface ConnectRequest {
  readonly targets: readonly Target[]
  /** how many to each target; they are interleaved in turn */
  readonly counts: readonly number[]
  /** open at a time */
  readonly concurrency: number
  /** for connect and answer together; a connection that takes longer counts as ETIMEDOUT */
  readonly timeoutMs: number
}

export interface ConnectResult {
  readonly attempted: number
  readonly failures: number
  /** failures by errno, with the target: `ECONNREFUSED 10.96.1.1:80/TCP` */
  readonly errors: { readonly [error: string]: number }
  /** answered connections by pod */
  readonly answers: { readonly [pod: string]: number }
  /** the slowest that was answered */
  readonly slowestMs: number
}

/** Connections one after another to each target, over and over until `stop`, `perSecond` in all. */
export interface PulseRequest {
  readonly targets: readonly Target[]
  readonly perSecond: number
  readonly timeoutMs: number
}

export interface HoldRequest {
  readonly targets: readonly Target[]
  readonly perTarget: number
  readonly timeoutMs: number
}

export interface HeldResult {
  readonly open: number
  /** how those that were cut or no longer answer failed */
  readonly errors: { readonly [error: string]: number }
}
