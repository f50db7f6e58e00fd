import type { NftElement, NftVerdict } from '../../kernel/nftables/types.ts'
import type { Bytes } from '../../rules/model.ts'
import { elementKey, type ElementObject, type SetObject } from './objects.ts'

/**
 * Elements are most of a program: 100,000 backends are as many of them. So they keep only what tells them apart, share the
 * bytes of their frontend, and put key and element together when asked.
 */
abstract class SetElement implements ElementObject {
  readonly of: SetObject

  constructor(of: SetObject) {
    this.of = of
  }

  get kind(): 'element' {
    return 'element'
  }

  get family(): SetObject['family'] {
    return this.of.family
  }

  get table(): string {
    return this.of.table
  }

  get set(): string {
    return this.of.set.name
  }

  get key(): string {
    return elementKey(this.family, this.table, this.set, this.bytes)
  }

  abstract get bytes(): Bytes
  abstract get element(): NftElement
}

/** What an element leads to: nothing, data, or a verdict. */
export type Led = Bytes | NftVerdict | null

const elementTo = (key: Bytes, led: Led): NftElement => {
  if (led === null) return { key }
  return typeof led === 'string' ? { key, data: led } : { key, verdict: led }
}

export class PlainElement extends SetElement {
  readonly bytes: Bytes
  readonly led: Led

  constructor(of: SetObject, bytes: Bytes, led: Led) {
    super(of)
    this.bytes = bytes
    this.led = led
  }

  get element(): NftElement {
    return elementTo(this.bytes, this.led)
  }
}

/** A range of an interval set, both ends inside. */
export class RangeElement extends SetElement {
  readonly bytes: Bytes
  readonly last: Bytes

  constructor(of: SetObject, first: Bytes, last: Bytes) {
    super(of)
    this.bytes = first
    this.last = last
  }

  get element(): NftElement {
    return { key: this.bytes, keyEnd: this.last }
  }
}

/** A slot of a frontend. */
export class SlotElement extends SetElement {
  readonly frontend: Bytes
  readonly slot: number
  readonly led: Led

  constructor(of: SetObject, frontend: Bytes, slot: number, led: Led) {
    super(of)
    this.frontend = frontend
    this.slot = slot
    this.led = led
  }

  get bytes(): Bytes {
    return this.frontend + slotBytes(this.slot)
  }

  get element(): NftElement {
    return elementTo(this.bytes, this.led)
  }
}

/** Slots are numbers of the machine: little-endian. */
export const slotBytes = (slot: number): Bytes => String.fromCharCode(slot & 0xff, slot >>> 8, 0, 0)
