import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../util/clock.ts'

export interface StreamOptions {
  /** What came in one turn. What it throws ends the stream. */
  onChunks(chunks: readonly Buffer[]): void
  /** ms that may pass without a byte, asked anew each time */
  quietMs(): number
  /** ms that it may take as a whole */
  deadlineMs: number
  readonly clock: Clock
}

/** The stream was silent, or open, for longer than it may be. */
export class StreamTimeout extends Error {
  override readonly name = 'StreamTimeout'
}

/** Reads a body to its end. Rejects when it breaks off, is late, or `onChunks` throws; then it is destroyed. */
export const readStream = async (body: IncomingMessage, options: StreamOptions): Promise<void> => {
  const { clock, deadlineMs } = options
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const begun = clock.now()
  let heard = begun
  let waiting: Buffer[] = []
  let cancel = (): void => {}
  const flush = (): void => {
    const chunks = waiting
    waiting = []
    try {
      if (chunks.length > 0) options.onChunks(chunks)
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const watch = (): void => {
    const now = clock.now()
    const left = Math.min(heard + options.quietMs(), begun + deadlineMs) - now
    if (left <= 0) reject(new StreamTimeout(`nothing for ${Math.round((now - heard) / 1000)} s`))
    else cancel = clock.after(left, watch)
  }
  body.on('data', (chunk: Buffer) => {
    heard = clock.now()
    // all that one read of the socket brought is one change
    if (waiting.push(chunk) === 1) queueMicrotask(flush)
  })
  body.on('end', () => {
    flush()
    resolve()
  })
  body.on('error', reject)
  body.on('close', () => reject(Object.assign(new Error('the connection closed'), { code: 'ECONNRESET' })))
  watch()
  try {
    await promise
  } finally {
    cancel()
    waiting = []
    body.destroy()
  }
}
