import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/**
 * The bytes of a file, or of `-` stdin, unless they are more than `limit` (bytes): then it rejects before they fill the memory, also where a device
 * never ends. `cure` follows in the message: what to do with one that is too large.
 */
export const readBounded = async (
  path: string,
  { limit, cure, stdin = process.stdin }: BoundedOptions,
): Promise<Buffer> => {
  const name = path === '-' ? 'stdin' : path
  const large = (): Error => new Error(`${name}: is larger than ${limit >> 20} MiB: ${cure}`)
  if (path !== '-' && (await stat(path)).size > limit) throw large()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of path === '-' ? stdin : (createReadStream(path) as AsyncIterable<Uint8Array>)) {
    length += chunk.length
    if (length > limit) throw large()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

export interface BoundedOptions {
  readonly limit: number
  readonly cure: string
  readonly stdin?: AsyncIterable<Uint8Array>
}
