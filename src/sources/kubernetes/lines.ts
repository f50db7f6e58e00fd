import { objectLimit, Pieces } from './pieces.ts'

const newline = 0x0a

/** Cuts a stream of bytes into lines. What follows the last newline waits for the next chunk; blank lines are passed over. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  readonly #rest = new Pieces('an event', objectLimit)

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** Bytes of a line whose end has not come. */
  get pending(): number {
    return this.#rest.size
  }

  /** Throws for what is too large, and what `onLine` throws. `chunk` must not change afterwards. */
  push(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = this.#line(chunk, start, end)
      start = end + 1
      if (line !== '' && line !== '\r') this.#onLine(line)
    }
    this.#rest.add(chunk.subarray(start))
  }

  #line(chunk: Buffer, start: number, end: number): string {
    if (this.#rest.size === 0) return chunk.toString('utf8', start, end)
    this.#rest.add(chunk.subarray(start, end))
    return this.#rest.take()
  }
}
