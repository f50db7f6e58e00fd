import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { DumpFile } from './cut.ts'

/** A dump that unpacks to more than this is none. */
const LARGEST = 1 << 30

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
    const content = path === '-' ? await buffer(stdin) : await readFile(path)
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
      const names = entries
        .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
      all.push(...names.sort().map((name) => ({ path: join(path, name), found: true })))
    }
  }
  return all
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
    throw new Error(`${path}: cannot be unpacked`, { cause })
  }
}
