/** The kernel said no. Reads like `nftables add element backends-1a7 10.96.0.10 . udp . 53 . 2: ENOENT (no such table)`. */
export class KernelError extends Error {
  readonly operation: string
  /** errno's name, e.g. `ENOENT`; '' where the failure was not an errno (a cut reply, a time-out) */
  readonly errno: string
  /** the kernel's extended ack or our own words, '' none */
  readonly detail: string
  readonly object: string

  constructor(failure: { operation: string; errno: string; detail?: string; object?: string }, options?: ErrorOptions) {
    const object = failure.object ? ` ${failure.object}` : ''
    const detail = failure.detail ? ` (${failure.detail})` : ''
    super(`${failure.operation}${object}: ${failure.errno || 'failed'}${detail}`, options)
    this.name = 'KernelError'
    this.operation = failure.operation
    this.errno = failure.errno
    this.detail = failure.detail ?? ''
    this.object = failure.object ?? ''
  }
}
