import type { Dirent, Stats } from 'node:fs'
import { lstat, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { InputProblem } from '../model/snapshot.ts'
import { jsonLimit } from './documents.ts'

export interface ManifestFile {
  /** changes whenever the content may have: device, inode, size, mtime and ctime */
  readonly identity: string
  /** of the last change of content or inode, in ms since the epoch */
  readonly changedAt: number
  /** of the last change of content, in ms since the epoch */
  readonly modifiedAt: number
  readonly size: number
}

export interface Listing {
  /** by path: `*.yaml`, `*.yml` and `*.json` in the directory and those in it; hidden names are left out */
  readonly files: ReadonlyMap<string, ManifestFile>
  /** the directories looked into, by path; their device and inode */
  readonly directories: ReadonlyMap<string, string>
  /** what could not be looked at; nothing is known of the paths that begin with these */
  readonly unknown: readonly string[]
  readonly problems: readonly InputProblem[]
}

const depthLimit = 16

/**
 * Symbolic links are followed, so a mounted ConfigMap (`web.yaml` → `..data/web.yaml`, `..data` → a hidden directory with
 * the time in its name) reads as its files. Never rejects.
 */
export const listManifests = async (root: string): Promise<Listing> => {
  const files = new Map<string, ManifestFile>()
  const directories = new Map<string, string>()
  const unknown: string[] = []
  const problems: InputProblem[] = []
  const fail = (path: string, error: unknown): void => {
    unknown.push(path)
    problems.push({
      where: path,
      object: '',
      field: '',
      message: reasonOf(error),
    })
  }

  const enter = async (directory: string, depth: number): Promise<void> => {
    if (depth > depthLimit) return fail(directory, new Error(`is more than ${depthLimit} directories deep`))
    let entries: Dirent[]
    try {
      const { dev, ino } = await stat(directory)
      directories.set(directory, `${dev}:${ino}`)
      entries = await readdir(directory, { withFileTypes: true })
    } catch (error) {
      directories.delete(directory)
      // gone since its parent was listed
      if (depth > 0 && codeOf(error) === 'ENOENT') return
      return fail(directory, error)
    }
    const wanted = entries.filter((entry) => !entry.name.startsWith('.') && (isManifest(entry.name) || !entry.isFile()))
    await Promise.all(wanted.map((entry) => look(join(directory, entry.name), entry, depth)))
  }

  const look = async (path: string, entry: Dirent, depth: number): Promise<void> => {
    try {
      const found = await stat(path)
      if (found.isDirectory()) await enter(path, depth + 1)
      else if (found.isFile() && isManifest(entry.name)) files.set(path, describeFile(found))
    } catch (error) {
      // a link to nothing may be one that is just being replaced; a file that is gone is gone
      if (entry.isSymbolicLink() ? isManifest(entry.name) : codeOf(error) !== 'ENOENT') fail(path, error)
    }
  }

  await enter(root, 0)
  return { files, directories, unknown, problems }
}

export const isManifest = (name: string): boolean => /^[^.].*\.(ya?ml|json)$/.test(name)

const describeFile = ({ dev, ino, size, mtimeMs, ctimeMs }: Stats): ManifestFile => ({
  identity: `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`,
  changedAt: Math.max(mtimeMs, ctimeMs),
  modifiedAt: mtimeMs,
  size,
})

export type Content =
  | { readonly is: 'read'; readonly content: Buffer; readonly file: ManifestFile; readonly steady: boolean }
  | { readonly is: 'failed'; readonly message: string }
  | { readonly is: 'directory' }
  | { readonly is: 'gone' }

/** A file's content; `steady` says that it did not change meanwhile. Never rejects. */
export const readManifest = async (path: string): Promise<Content> => {
  try {
    const before = await stat(path)
    if (before.isDirectory()) return { is: 'directory' }
    if (!before.isFile()) return { is: 'failed', message: 'is not a regular file' }
    if (before.size > jsonLimit) return { is: 'failed', message: `is larger than ${jsonLimit >> 20} MiB: split it` }
    const content = await readFile(path)
    const file = describeFile(await stat(path))
    const steady = file.identity === describeFile(before).identity && content.length === file.size
    return { is: 'read', content, file, steady }
  } catch (error) {
    // a link to nothing is still there, and may be about to be replaced
    if (codeOf(error) === 'ENOENT' && (await lstat(path).catch(() => null)) === null) return { is: 'gone' }
    return { is: 'failed', message: reasonOf(error) }
  }
}

/** `cannot be read: EACCES (permission denied)` */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const match = /^([A-Z0-9]+): ([^,]+)/.exec(error.message)
  return match === null ? error.message : `cannot be read: ${match[1]} (${match[2]})`
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
