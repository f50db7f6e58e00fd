import type { Bytes, Expression, Key } from '../../../rules/model.ts'

/**
 * What a register holds, in words of the rule model. Data is as the kernel has it: numbers of the machine (marks, conntrack states,
 * generators) little-endian, interfaces by index.
 */
export type Loaded =
  /** bytes of a header, named only where they are used */
  | {
      readonly kind: 'header'
      readonly base: 'network' | 'transport'
      readonly offset: number
      readonly length: number
    }
  | { readonly kind: 'value'; readonly value: Value }
  /** (of & mask) ^ xor */
  | { readonly kind: 'masked'; readonly of: Loaded; readonly mask: Bytes; readonly xor: Bytes }
  | { readonly kind: 'constant'; readonly data: Bytes }
  /** what a map leads to */
  | { readonly kind: 'mapped'; readonly map: string; readonly key: Key }
  /** 32 random bits */
  | { readonly kind: 'random' }
  /** state: no ruleset tells; opaque: not understood */
  | { readonly kind: 'state' | 'opaque'; readonly text: string }

export interface Value {
  readonly expression: Expression
  /** bytes in the register */
  readonly width: number
  /** index: an interface's, which the model knows by name */
  readonly order: 'network' | 'host' | 'index'
}

interface Cell {
  readonly loaded: Loaded
  /** which of its 4-byte units */
  readonly unit: number
}

/** NFT_REG_1…4 are 16 bytes each, NFT_REG32_00… (8…) 4 bytes; both name the same memory. */
const unitOf = (register: number): number => (register <= 4 ? (register - 1) * 4 : register - 8)

/** All registers together, in bytes: 20 units (NFT_REG32_NUM). */
const MEMORY = 80

export class Registers {
  readonly #cells = new Map<number, Cell>()

  load(register: number, loaded: Loaded, width: number): void {
    const first = unitOf(register)
    const bytes = Math.min(Math.max(4, width), MEMORY)
    for (let unit = 0; unit * 4 < bytes; unit++) this.#cells.set(first + unit, { loaded, unit })
  }

  /** What begins in a register. */
  at(register: number): Loaded {
    const cell = this.#cells.get(unitOf(register))
    return cell?.unit === 0 ? cell.loaded : { kind: 'opaque', text: `register ${register}` }
  }

  /** Whether a register holds the second part (4 bytes, or 16 of an IPv6 address further on) of what begins in another. */
  continues(register: number, first: number): boolean {
    const [here, there] = [this.#cells.get(unitOf(register)), this.#cells.get(unitOf(first))]
    return here !== undefined && there !== undefined && here.loaded === there.loaded && here.unit > there.unit
  }

  /** All that lies in the units of a key of `length` bytes, in order. */
  key(register: number, length: number): readonly Loaded[] {
    const first = unitOf(register)
    const found: Loaded[] = []
    for (let unit = 0; unit * 4 < length; unit++) {
      const cell = this.#cells.get(first + unit)
      if (cell === undefined || (unit === 0 && cell.unit !== 0)) return [{ kind: 'opaque', text: 'a key' }]
      if (cell.unit === 0) found.push(cell.loaded)
    }
    return found
  }
}
