/** Bytes that one object may have. etcd holds objects of 1.5 MiB unless it is told otherwise. */
export const objectLimit = 32 << 20

/** Text that comes in chunks. */
export class Pieces {
  readonly #what: string
  readonly #limit: number
  #pieces: Buffer[] = []
  #size = 0

  /** `what` it is, for the error when it has more bytes than `limit`. */
  constructor(what: string, limit: number) {
    this.#what = what
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  /** Throws a RangeError over the limit. `bytes` must not change afterwards. */
  add(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#size += bytes.length
    if (this.#size > this.#limit) throw new RangeError(`${this.#what} of more than ${this.#limit >> 20} MiB`)
    this.#pieces.push(bytes)
  }

  /** Everything, decoded from UTF-8; then it is empty. */
  take(): string {
    const text = (this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces))?.toString() ?? ''
    this.#pieces = []
    this.#size = 0
    return text
  }

  /** The last bytes, as Latin-1. */
  tail(bytes: number): string {
    let text = ''
    for (let i = this.#pieces.length - 1; i >= 0 && text.length < bytes; i--)
      text = (this.#pieces[i]?.subarray(-bytes).toString('latin1') ?? '') + text
    return text
  }
}
