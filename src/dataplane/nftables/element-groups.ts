import type { NftElement, NftFamily } from '../../kernel/nftables/types.ts'
import type { ElementObject } from './objects.ts'

export interface ElementGroup {
  readonly family: NftFamily
  readonly table: string
  /** of the set */
  readonly name: string
  readonly elements: NftElement[]
}

/** Elements by set. A first sync brings hundreds of thousands, those of a frontend one after the other. */
export class ElementGroups {
  /** by family, table and name of the set */
  readonly #groups = new Map<NftFamily, Map<string, Map<string, ElementGroup>>>()

  add({ family, table, set, element }: ElementObject): void {
    let tables = this.#groups.get(family)
    if (tables === undefined) this.#groups.set(family, (tables = new Map()))
    let sets = tables.get(table)
    if (sets === undefined) tables.set(table, (sets = new Map()))
    const group = sets.get(set)
    if (group === undefined) sets.set(set, { family, table, name: set, elements: [element] })
    else group.elements.push(element)
  }

  get(family: NftFamily, table: string, set: string): ElementGroup | undefined {
    return this.#groups.get(family)?.get(table)?.get(set)
  }

  drop(family: NftFamily, table: string, set: string): void {
    this.#groups.get(family)?.get(table)?.delete(set)
  }

  *[Symbol.iterator](): Generator<ElementGroup> {
    for (const tables of this.#groups.values()) for (const sets of tables.values()) yield* sets.values()
  }
}
