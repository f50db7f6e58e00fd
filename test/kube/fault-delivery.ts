import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Faults } from './fault-proxy.ts'

/** ms between looks at whether bytes may pass again */
const HELD_LOOK = 20

/** Passes the body on, byte by byte where `drip` says so, and breaks the connection where `breakAfter` says so. */
export const deliver = (
  from: IncomingMessage,
  to: ServerResponse,
  { breakAfter = Infinity, drip }: Faults,
  isHeld: () => boolean,
): void => {
  let passed = 0
  const write = async (part: Buffer): Promise<void> => {
    while (isHeld()) await sleep(HELD_LOOK)
    const allowed = part.subarray(0, Math.max(0, breakAfter - passed))
    passed += allowed.length
    if (allowed.length > 0 && !to.write(allowed)) await writable(to)
    if (allowed.length < part.length) {
      // what is allowed must arrive before the connection breaks
      await sleep(HELD_LOOK)
      to.destroy()
    }
  }
  const run = async (): Promise<void> => {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (const part of drip ? pieces(chunk, drip.bytes) : [chunk]) {
        await write(part)
        if (to.destroyed) return
        if (drip) await sleep(drip.everyMs)
      }
    }
    while (isHeld()) await sleep(HELD_LOOK)
    to.end()
  }
  // the API server broke off: so do we
  run().catch(() => to.destroy())
}

const writable = (to: ServerResponse): Promise<void> =>
  new Promise((resolve) => to.once('drain', resolve).once('close', resolve))

const pieces = (chunk: Buffer, size: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(chunk.length / size) }, (_, index) => chunk.subarray(index * size, (index + 1) * size))

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
