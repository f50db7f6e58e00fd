import { readFile, stat } from 'node:fs/promises'
import type { InputProblem } from '../model/snapshot.ts'
import { readBounded } from './bounded.ts'
import { Catalogue } from './catalogue.ts'
import { listManifests } from './directory.ts'
import { jsonLimit } from './documents.ts'
import { readObjects } from './reading.ts'
import { Store } from './store.ts'

const bounds = { limit: jsonLimit, cure: 'split it' }

export interface LoadedObjects {
  readonly store: Store
  /** what was left out, in the order of the files; empty when all is well */
  readonly problems: readonly InputProblem[]
  /** documents of kinds that no proxy reads */
  readonly ignored: number
}

/**
 * The objects of `-f` arguments: files, directories and `-` for stdin, read once. Of two that define one object the
 * argument that stands first keeps it. Rejects when an argument cannot be read at all.
 */
export const loadObjects = async (
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<LoadedObjects> => {
  const store = new Store()
  const order = new Map<string, number>()
  const catalogue = new Catalogue(store, (a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))
  const unlisted: InputProblem[] = []
  const add = (file: string, content: Buffer): void => {
    if (order.has(file)) return
    order.set(file, order.size)
    catalogue.replace(file, readObjects(content, file, store.intern))
  }

  for (const path of paths) {
    if (path === '-') {
      add('stdin', await readBounded(path, { ...bounds, stdin }))
    } else if ((await stat(path)).isDirectory()) {
      const listing = await listManifests(path)
      unlisted.push(...listing.problems)
      for (const file of [...listing.files.keys()].sort()) add(file, await readFile(file))
    } else add(path, await readBounded(path, bounds))
  }
  catalogue.settle()
  return { store, problems: [...unlisted, ...catalogue.problems()], ignored: catalogue.ignored }
}

/** The files of `-f` arguments (directories: their manifests) with their content, unread otherwise. Rejects as `loadObjects` does. */
export const readObjectFiles = async (
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<readonly { readonly name: string; readonly content: Buffer }[]> => {
  const files: { name: string; content: Buffer }[] = []
  for (const path of paths) {
    if (path === '-') files.push({ name: 'stdin', content: await readBounded(path, { ...bounds, stdin }) })
    else if ((await stat(path)).isDirectory()) {
      const { files: listed } = await listManifests(path)
      for (const name of [...listed.keys()].sort()) files.push({ name, content: await readFile(name) })
    } else files.push({ name: path, content: await readBounded(path, bounds) })
  }
  return files
}
