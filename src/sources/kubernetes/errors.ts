/** A request to the API server that failed. The message is one line that says what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status; 0: there was no answer */
  readonly status: number
  /** `reason` of the answer's Status, e.g. `Expired`; of a connection its error code, e.g. `ECONNREFUSED`; '' unknown */
  readonly reason: string
  /** ms that the server asks to wait, null when it does not */
  readonly retryAfterMs: number | null

  constructor(message: string, { status = 0, reason = '', retryAfterMs = null, cause }: ApiErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

export interface ApiErrorFacts {
  readonly status?: number
  readonly reason?: string
  readonly retryAfterMs?: number | null
  readonly cause?: unknown
}

/** A kubeconfig, or the lack of one, that no waiting heals. The message is one line that says what to do. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}
