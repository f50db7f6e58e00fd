import type { Path } from '../../sources/faults.ts'
import type { ShapeFault } from './shape.ts'

/** What names in a document stand for: single things and groups of them. */
export interface Names {
  readonly what: string
  /** indexes by name */
  readonly of: ReadonlyMap<string, readonly number[]>
  readonly count: number
}

export interface NamedGroup {
  readonly name: string
  /** null: one thing with just this name */
  readonly count: number | null
  readonly path: Path
}

/** The single names of groups: `web` × 2 are web-0 and web-1. A name that comes twice is a fault. */
export const namesOf = (
  what: string,
  groups: readonly NamedGroup[],
  faults: ShapeFault[],
): { readonly names: Names; readonly single: readonly string[] } => {
  const of = new Map<string, readonly number[]>()
  const single: string[] = []
  const add = (name: string, indexes: readonly number[], path: Path): void => {
    if (of.has(name))
      faults.push({ path: [...path, 'name'], message: `${JSON.stringify(name)} is the name of other ${what} too` })
    of.set(name, indexes)
  }
  for (const { name, count, path } of groups) {
    const first = single.length
    const members = count === null ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index}`)
    members.forEach((member, index) => add(member, [first + index], path))
    single.push(...members)
    if (count !== null)
      add(
        name,
        members.map((_, index) => first + index),
        path,
      )
  }
  return { names: { what, of, count: single.length }, single }
}

/** Indexes of what is named; of names that stand for nothing, faults. */
export const find = (names: Names, given: readonly string[], path: Path, faults: ShapeFault[]): readonly number[] =>
  given.flatMap((name, index) => {
    const found = names.of.get(name)
    if (found === undefined)
      faults.push({
        path: [...path, index],
        message: `${JSON.stringify(name)} is none of the ${names.what}: ${some([...names.of.keys()])}`,
      })
    return found ?? []
  })

const some = (known: readonly string[]): string =>
  known.length <= 8 ? known.join(', ') : `${known.slice(0, 8).join(', ')} …`
