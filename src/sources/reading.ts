import type { InputProblem } from '../model/snapshot.ts'
import { documentsOf, isProblem } from './documents.ts'
import type { Intern } from './metadata.ts'
import { type ClusterObject, type ObjectId, parseObject } from './objects.ts'

/** An object and where it stands, e.g. `web.yaml:12`. */
export interface Found {
  readonly object: ClusterObject
  readonly where: string
}

/** What one file says. */
export interface Reading {
  readonly objects: ReadonlyMap<ObjectId, Found>
  /** objects that cannot be used as they stand, and why */
  readonly refused: ReadonlyMap<ObjectId, readonly InputProblem[]>
  /** what cannot even be told to be a certain object, e.g. broken YAML */
  readonly unreadable: readonly InputProblem[]
  /** what was left out of the objects */
  readonly problems: readonly InputProblem[]
  /** documents of kinds that are not ours */
  readonly ignored: number
  /** not one document in it: white space, comments */
  readonly empty: boolean
}

/** Never throws, whatever the content. */
export const readObjects = (content: Buffer, file: string, intern: Intern): Reading => {
  const objects = new Map<ObjectId, Found>()
  const refused = new Map<ObjectId, readonly InputProblem[]>()
  const unreadable: InputProblem[] = []
  const problems: InputProblem[] = []
  let ignored = 0
  let empty = true
  for (const document of documentsOf(content, file)) {
    empty = false
    if (isProblem(document)) {
      unreadable.push(document)
      continue
    }
    const parsed = parseObject(document.value, document.where, intern)
    const first = objects.get(parsed.id)
    if (parsed.object === null) {
      if (parsed.problems.length === 0) ignored++
      else if (parsed.id === '') unreadable.push(...parsed.problems)
      else refused.set(parsed.id, parsed.problems)
    } else if (first === undefined) {
      objects.set(parsed.id, { object: parsed.object, where: document.where([]) })
      problems.push(...parsed.problems)
    } else problems.push(duplicate(parsed.id, document.where([]), first.where))
  }
  return { objects, refused, unreadable, problems, ignored, empty }
}

export const duplicate = (id: ObjectId, where: string, first: string): InputProblem => ({
  where,
  object: id,
  field: 'metadata.name',
  message: `is defined already at ${first}, which stays in force; remove one of them`,
})

/** For a file that could not be read at all. */
export const unreadable = (file: string, message: string): Reading => ({
  objects: new Map(),
  refused: new Map(),
  unreadable: [{ where: file, object: '', field: '', message }],
  problems: [],
  ignored: 0,
  empty: false,
})
