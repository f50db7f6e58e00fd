import { Attributes } from '../netlink/reader.ts'
import type { NftVerdict } from './types.ts'
import { readVerdict } from './verdicts.ts'
import { dataAttribute } from './wire.ts'

/** The attributes of one expression, by number. What is absent reads as 0, '' or null. */
export class Fields {
  /** bit n: attribute n is there */
  present = 0
  readonly #attributes: Attributes
  readonly #starts: number[] = []
  readonly #lengths: number[] = []

  constructor(attributes: Attributes) {
    this.#attributes = attributes
    while (attributes.next()) {
      this.present |= attributes.type < 31 ? 1 << attributes.type : 1 << 31
      this.#starts[attributes.type] = attributes.start
      this.#lengths[attributes.type] = attributes.length
    }
  }

  has(type: number): boolean {
    return (this.present & (1 << type)) !== 0
  }

  /** Nothing there but these. */
  only(...types: number[]): boolean {
    return (this.present & ~types.reduce((mask, type) => mask | (1 << type), 0)) === 0
  }

  u32(type: number): number {
    return this.#at(type)?.u32be() ?? 0
  }

  u8(type: number): number {
    return this.#at(type)?.u8() ?? 0
  }

  u64(type: number): number {
    return this.#at(type)?.u64be() ?? 0
  }

  string(type: number): string {
    return this.#at(type)?.string() ?? ''
  }

  /** The payload as it is, '' where there is none. */
  raw(type: number): string {
    return this.#at(type)?.raw() ?? ''
  }

  /** NFTA_DATA_VALUE inside attribute `type`. */
  data(type: number): string {
    const attributes = this.#at(type)?.nested()
    while (attributes?.next()) if (attributes.type === dataAttribute.value) return attributes.raw()
    return ''
  }

  /** NFTA_DATA_VERDICT inside attribute `type`; null when it is none that we use. */
  verdict(type: number): NftVerdict | null {
    const attributes = this.#at(type)?.nested()
    while (attributes?.next()) if (attributes.type === dataAttribute.verdict) return readVerdict(attributes.nested())
    return null
  }

  #at(type: number): Attributes | null {
    const start = this.#starts[type]
    if (start === undefined) return null
    const attributes = new Attributes(this.#attributes.bytes, start, start, this.#attributes.fault)
    attributes.type = type
    attributes.start = start
    attributes.length = this.#lengths[type] ?? 0
    return attributes
  }
}
