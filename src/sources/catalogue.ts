import type { InputProblem } from '../model/snapshot.ts'
import type { ObjectId } from './objects.ts'
import { duplicate, type Found, type Reading } from './reading.ts'
import type { Store } from './store.ts'

interface FileEntry {
  readonly objects: ReadonlyMap<ObjectId, Found>
  readonly problems: readonly InputProblem[]
  readonly ignored: number
  /** the file's name alone, as most objects have one file; shared by all of them */
  readonly only: readonly string[]
}

/**
 * What the files of a source say together, kept in a store. Where two files define an object, the first in the order keeps it
 * and the other is reported: the result depends on the files alone, never on when they were read.
 */
export class Catalogue {
  readonly #store: Store
  readonly #compare: (a: string, b: string) => number
  readonly #files = new Map<string, FileEntry>()
  /** files that define an object, in order */
  readonly #claims = new Map<ObjectId, readonly string[]>()
  /** files and objects that there is something to say about, so that saying it does not cost all the others */
  readonly #faulty = new Set<string>()
  readonly #contested = new Set<ObjectId>()
  readonly #touched = new Set<ObjectId>()

  /** `compare` is the order of files; by name unless given. */
  constructor(store: Store, compare: (a: string, b: string) => number = byCodeUnits) {
    this.#store = store
    this.#compare = compare
  }

  /** Takes in what a file says now. What it said before stays where an object is refused now, and in whole where the file is broken. */
  replace(file: string, reading: Reading): void {
    const before = this.#files.get(file)?.objects ?? nothing
    const blank = reading.empty && before.size > 0
    const broken = blank || (reading.unreadable.length > 0 && before.size > 0)
    const objects = new Map(broken ? before : reading.objects)
    for (const id of reading.refused.keys()) {
      const found = before.get(id)
      if (found !== undefined) objects.set(id, found)
    }
    const entry = { objects, problems: describe(file, reading, before, blank), ignored: reading.ignored, only: [file] }
    this.#files.set(file, entry)
    if (entry.problems.length > 0) this.#faulty.add(file)
    else this.#faulty.delete(file)
    this.#claim(file, before, objects)
  }

  /** The file is gone, and its objects with it. */
  remove(file: string): void {
    const before = this.#files.get(file)?.objects ?? nothing
    this.#files.delete(file)
    this.#faulty.delete(file)
    this.#claim(file, before, nothing)
  }

  files(): IterableIterator<string> {
    return this.#files.keys()
  }

  /** Brings the store to what the files say; one change of the store. */
  settle(): void {
    this.#store.batch(() => {
      for (const id of this.#touched) {
        const [owner] = this.#claims.get(id) ?? []
        const found = owner === undefined ? undefined : this.#files.get(owner)?.objects.get(id)
        if (found === undefined) this.#store.remove(id)
        else this.#store.put(found.object)
      }
    })
    this.#touched.clear()
  }

  /** Everything that is wrong now, in the order of the files. */
  problems(): InputProblem[] {
    const rivals = new Map<string, InputProblem[]>()
    for (const id of [...this.#contested].sort()) {
      const [first = '', ...others] = this.#claims.get(id) ?? []
      for (const file of others) {
        const problem = duplicate(id, this.#where(file, id), this.#where(first, id))
        rivals.set(file, [...(rivals.get(file) ?? []), problem])
      }
    }
    return [...new Set([...this.#faulty, ...rivals.keys()])]
      .sort(this.#compare)
      .flatMap((file) => [...(this.#files.get(file)?.problems ?? []), ...(rivals.get(file) ?? [])])
  }

  /** Documents of kinds that are not ours. */
  get ignored(): number {
    let count = 0
    for (const { ignored } of this.#files.values()) count += ignored
    return count
  }

  #where(file: string, id: ObjectId): string {
    return this.#files.get(file)?.objects.get(id)?.where ?? file
  }

  #claim(file: string, before: ReadonlyMap<ObjectId, Found>, after: ReadonlyMap<ObjectId, Found>): void {
    for (const id of before.keys()) {
      this.#touched.add(id)
      if (!after.has(id))
        this.#setClaims(
          id,
          this.#claimants(id).filter((claimant) => claimant !== file),
        )
    }
    const only = this.#files.get(file)?.only ?? [file]
    for (const id of after.keys()) {
      this.#touched.add(id)
      const others = this.#claimants(id)
      if (others.length === 0) this.#claims.set(id, only)
      else if (!before.has(id)) this.#setClaims(id, [...others, file].sort(this.#compare))
    }
  }

  #claimants(id: ObjectId): readonly string[] {
    return this.#claims.get(id) ?? []
  }

  #setClaims(id: ObjectId, files: readonly string[]): void {
    if (files.length > 0) this.#claims.set(id, files)
    else this.#claims.delete(id)
    if (files.length > 1) this.#contested.add(id)
    else this.#contested.delete(id)
  }
}

const nothing: ReadonlyMap<ObjectId, Found> = new Map()

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Reports have a limit, or a hostile file would fill the memory with them. */
const problemLimit = 1000

const describe = (
  file: string,
  reading: Reading,
  before: ReadonlyMap<ObjectId, Found>,
  blank: boolean,
): InputProblem[] => {
  const problems: InputProblem[] = []
  const add = (found: readonly InputProblem[], outcome: string): void => {
    for (const problem of found)
      if (problems.length < problemLimit) problems.push({ ...problem, message: problem.message + outcome })
  }
  if (blank)
    add(
      [whole(file, 'holds nothing any more')],
      '; what it said before stays in force, remove the file to take that away',
    )
  add(reading.unreadable, before.size > 0 ? '; what it said before stays in force' : '; nothing of it is used')
  for (const [id, found] of reading.refused)
    add(found, before.has(id) ? '; the object stays as it was before' : '; the object is left out')
  add(reading.problems, '')
  if (problems.length === problemLimit) problems.push(whole(file, `has more than ${problemLimit} faults`))
  return problems
}

const whole = (file: string, message: string): InputProblem => ({ where: file, object: '', field: '', message })
