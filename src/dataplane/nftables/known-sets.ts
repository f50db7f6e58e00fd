import { KernelError } from '../../kernel/errors.ts'
import type { NftFamily, NftSet } from '../../kernel/nftables/types.ts'
import type { SortedChange } from './operations.ts'

/** The sets in the kernel as they are there: with counters or, where these cost too much, without. */
export class KnownSets {
  /** how many elements may have a counter */
  readonly affordable: number
  #sets = new Map<string, NftSet>()
  /** elements with a counter, about */
  #counted = 0

  constructor(affordable: number) {
    this.affordable = affordable
  }

  /** By `family table name`. */
  entries(): Iterable<readonly [string, NftSet]> {
    return this.#sets
  }

  /** What the kernel was found to hold. */
  reset(sets: ReadonlyMap<string, NftSet>, counted: number): void {
    this.#sets = new Map(sets)
    this.#counted = counted
  }

  /** Throws KernelError for a set that is not there. */
  get(family: NftFamily, table: string, name: string): NftSet {
    const object = `${family} ${table} ${name}`
    const set = this.#sets.get(object)
    if (set) return set
    throw new KernelError({ operation: 'nftables transaction', errno: 'ENOENT', object, detail: 'no such set' })
  }

  /** The sets that a change makes, as they will be; null where counters were wanted that cannot be paid. */
  plan({ added }: SortedChange): { readonly sets: ReadonlyMap<string, NftSet>; readonly refused: number } {
    const made = added.sets
    let wanted = 0
    for (const { family, table, set } of made)
      if (set.counter) wanted += added.elements.get(family, table, set.name)?.elements.length ?? 0
    const counter = this.#counted + wanted <= this.affordable
    const sets = new Map<string, NftSet>()
    for (const { family, table, set } of made)
      sets.set(`${family} ${table} ${set.name}`, set.counter && !counter ? { ...set, counter } : set)
    return { sets, refused: counter ? 0 : wanted }
  }

  /** The change is on its way, so the next may build on it. Answers what takes it back. */
  remember({ added, removed }: SortedChange, made: ReadonlyMap<string, NftSet>): () => void {
    const gone = removed.sets.map(({ family, table, set }) => `${family} ${table} ${set.name}`)
    const before = [...made.keys(), ...gone].map((key) => [key, this.#sets.get(key)] as const)
    for (const [key, set] of made) this.#sets.set(key, set)
    const counted = this.#countedIn(added.elements) - this.#countedIn(removed.elements)
    this.#counted += counted
    for (const key of gone) this.#sets.delete(key)
    return () => {
      this.#counted -= counted
      for (const [key, set] of before) {
        if (set) this.#sets.set(key, set)
        else this.#sets.delete(key)
      }
    }
  }

  #countedIn(groups: SortedChange['added']['elements']): number {
    let counted = 0
    for (const { family, table, name, elements } of groups)
      if (this.#sets.get(`${family} ${table} ${name}`)?.counter) counted += elements.length
    return counted
  }
}
