import { readFile, stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { InputProblem } from '../model/snapshot.ts'
import { listManifests } from '../sources/directory.ts'
import { documentsOf, isProblem } from '../sources/documents.ts'
import type { Document } from './controller/application.ts'

/** Every object, of whatever kind, of files, directories and `-` (stdin). Rejects when one cannot be read at all. */
export const readManifestFiles = async (
  paths: readonly string[],
): Promise<{ readonly documents: readonly Document[]; readonly problems: readonly InputProblem[] }> => {
  const documents: Document[] = []
  const problems: InputProblem[] = []
  const add = (content: Buffer, file: string): void => {
    for (const read of documentsOf(content, file)) {
      if (isProblem(read)) problems.push(read)
      else documents.push({ raw: read.value, where: read.where })
    }
  }
  for (const path of paths) {
    if (path === '-') add(await buffer(process.stdin), 'stdin')
    else if ((await stat(path)).isDirectory()) {
      const listing = await listManifests(path)
      problems.push(...listing.problems)
      for (const file of [...listing.files.keys()].sort()) add(await readFile(file), file)
    } else add(await readFile(path), path)
  }
  return { documents, problems }
}
