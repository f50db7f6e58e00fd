import { NLA_TYPE_MASK } from './wire.ts'

/** Keeps the first thing that was wrong with an input, so that decoders read straight on and report once. */
export class Fault {
  text = ''

  add(text: string): void {
    if (this.text === '') this.text = text
  }
}

/**
 * A cursor over netlink attributes that never reads outside its bounds: `while (a.next()) switch (a.type) …`.
 * A cut or corrupted attribute ends the walk and is kept in `fault`; the caller checks it at the end.
 */
export class Attributes {
  /** the current attribute's number, without the nested and byte-order bits */
  type = 0
  /** where its payload lies */
  start = 0
  length = 0
  readonly bytes: Buffer
  readonly fault: Fault
  #next: number
  readonly #end: number

  constructor(bytes: Buffer, start: number, end: number, fault: Fault) {
    this.bytes = bytes
    this.#next = start
    this.#end = Math.min(end, bytes.length)
    this.fault = fault
    if (end > bytes.length) fault.add(`cut: ${end} bytes promised, ${bytes.length} there`)
  }

  next(): boolean {
    const at = this.#next
    if (at + 4 > this.#end) {
      if (at < this.#end) this.fault.add(`${this.#end - at} stray bytes at ${at}`)
      return false
    }
    const bytes = this.bytes
    const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
    if (length < 4 || at + length > this.#end) {
      this.fault.add(`attribute of length ${length} at ${at}, ${this.#end - at} bytes left`)
      this.#next = this.#end
      return false
    }
    this.type = ((bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)) & NLA_TYPE_MASK
    this.start = at + 4
    this.length = length - 4
    // The last attribute's padding may be missing.
    this.#next = Math.min(at + ((length + 3) & ~3), this.#end)
    return true
  }

  /** A cursor over what the current attribute contains. */
  nested(): Attributes {
    return new Attributes(this.bytes, this.start, this.start + this.length, this.fault)
  }

  u8(): number {
    return this.#has(1) ? (this.bytes[this.start] as number) : 0
  }

  u16be(): number {
    return this.#has(2) ? this.bytes.readUInt16BE(this.start) : 0
  }

  u32be(): number {
    return this.#has(4) ? this.bytes.readUInt32BE(this.start) : 0
  }

  u32le(): number {
    return this.#has(4) ? this.bytes.readUInt32LE(this.start) : 0
  }

  /** Exact up to 2⁵³. */
  u64be(): number {
    if (!this.#has(8)) return 0
    return this.bytes.readUInt32BE(this.start) * 2 ** 32 + this.bytes.readUInt32BE(this.start + 4)
  }

  /** Text up to its NUL. */
  string(): string {
    const end = this.start + this.length
    let at = this.start
    while (at < end && this.bytes[at] !== 0) at++
    return this.bytes.toString('latin1', this.start, at)
  }

  /** The payload as a latin1 string, one character a byte. */
  raw(): string {
    return this.bytes.toString('latin1', this.start, this.start + this.length)
  }

  #has(length: number): boolean {
    if (this.length >= length) return true
    this.fault.add(`attribute ${this.type} at ${this.start} has ${this.length} bytes, ${length} needed`)
    return false
  }
}
