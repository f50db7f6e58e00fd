import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { readBounded } from '../../sources/bounded.ts'
import type { DumpFile } from './cutting/parts.ts'

/** A text of more characters than about this many cannot be held in one piece. */
const LARGEST = 511 << 20
const CURE = 'keep only what is asked about'

/**
 * Files, directories (every file in them, not below) and `-` for stdin, each once, compressed ones unpacked. Rejects with the name of
 * the one that cannot be read.
 */
export const readDumpFiles = async (
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<readonly DumpFile[]> => {
  const files: DumpFile[] = []
  for (const { path, found } of await expanded(paths)) {
    const content = await readBounded(path, { limit: LARGEST, cure: CURE, stdin })
    files.push({ name: path === '-' ? 'stdin' : path, text: await textOf(content, path), found })
  }
  return files
}

const expanded = async (paths: readonly string[]): Promise<readonly { path: string; found: boolean }[]> => {
  const all: { path: string; found: boolean }[] = []
  for (const path of new Set(paths)) {
    if (path === '-' || !(await stat(path)).isDirectory()) all.push({ path, found: false })
    else {
      const entries = await readdir(path, { withFileTypes: true })
      const shown = entries.filter((entry) => !entry.name.startsWith('.'))
      const names = shown.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
      if (names.length === 0) throw new Error(`${path}: ${emptiness(shown.map(({ name }) => name).sort())}`)
      all.push(...names.sort().map((name) => ({ path: join(path, name), found: true })))
    }
  }
  return all
}

const emptiness = (below: readonly string[]): string => {
  if (below.length === 0) return 'has no files'
  const more = below.length > 3 ? ` and ${below.length - 3} more` : ''
  return `has no files, only directories (${below.slice(0, 3).join(', ')}${more}), which are not searched: name them`
}

/** UTF-8, or UTF-16 as PowerShell redirects it; line ends as Unix has them. */
const textOf = async (content: Buffer, path: string): Promise<string> => {
  const plain = content[0] === 0x1f && content[1] === 0x8b ? await unpacked(content, path) : content
  const wide = plain[0] === 0xff && plain[1] === 0xfe
  const text = plain.toString(wide ? 'utf16le' : 'utf8').replace(/^\uFEFF/, '')
  return text.includes('\r') ? text.replaceAll('\r\n', '\n') : text
}

const unpacked = async (content: Buffer, path: string): Promise<Buffer> => {
  try {
    return await promisify(gunzip)(content, { maxOutputLength: LARGEST })
  } catch (cause) {
    if (isTooLarge(cause)) throw new Error(`${path}: unpacks to more than ${LARGEST >> 20} MiB: ${CURE}`, { cause })
    throw new Error(`${path}: cannot be unpacked`, { cause })
  }
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
