export type SoakRequest =
  /** starts the agent on this API server; answers when it is in sync */
  | { readonly ask: 'start'; readonly url: string; readonly turn: number }
  /** `ms` of simulated time pass; before that everything up to `turn` is in force. null: the API server is out of reach */
  | { readonly ask: 'step'; readonly turn: number | null; readonly ms: number; readonly changes: number }
  /** collects garbage first */
  | { readonly ask: 'sample' }
  /** reads the kernel and compares it with the plan */
  | { readonly ask: 'verify' }
  | { readonly ask: 'stop' }

/** What the agent's process holds. MiB; `uncollected`: before the collection. */
export interface Holding {
  /** objects, without compiled code */
  readonly heapMiB: number
  readonly rssMiB: number
  readonly uncollectedRssMiB: number
  /** ArrayBuffers and what else V8 knows to be outside its heap */
  readonly externalMiB: number
  readonly descriptors: number
  readonly threads: number
  /** timers on the simulated clock that have not fired */
  readonly timers: number
  readonly frontends: number
}

export interface SoakSample extends Holding {
  /** simulated hours since the start */
  readonly hour: number
}

export interface Verdict {
  readonly inSync: boolean
  /** frontends that differed or objects that nobody planned, first of them by name */
  readonly differing: readonly string[]
  readonly extra: number
  readonly transactions: number
  readonly foreignChanges: number
  /** warnings and errors that the agent logged, by message */
  readonly complaints: Readonly<Record<string, number>>
}

export type SoakValue = null | Holding | Verdict
