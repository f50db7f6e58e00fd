import { ATTRIBUTE_MAX, HEADER, NFGENMSG, NLA_F_NESTED } from './wire.ts'

const SMALLEST = 4096

/**
 * Writes netlink messages one after another into one buffer that grows. Nothing is allocated per attribute: a full sync writes
 * a million of them. Offsets are kept by the caller: `const at = writer.open(type); …; writer.close(at)`.
 */
export class MessageWriter {
  bytes: Buffer
  /** bytes written so far, always a multiple of 4 between attributes */
  length = 0
  #message = 0

  constructor(sizeHint = SMALLEST) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(SMALLEST, sizeHint))
  }

  /** Starts over in the same buffer. */
  reset(): void {
    this.length = 0
  }

  /** Gives the memory back now, not when it is next collected: a first sync's buffer is tens of MiB. The writer is of no use afterwards. */
  release(): void {
    const { buffer } = this.bytes
    if (buffer instanceof ArrayBuffer) buffer.transfer(0)
  }

  /** What was written; a view that the next write may overwrite. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  /** Begins a message with its netlink header; `end` writes its length. Returns where it begins. */
  begin(type: number, flags: number, sequence: number): number {
    const at = this.#reserve(HEADER)
    this.#message = at
    this.#u16(at + 4, type)
    this.#u16(at + 6, flags)
    this.#u32(at + 8, sequence)
    this.#u32(at + 12, 0)
    return at
  }

  /** As `begin`, with the header that every nfnetlink message has. */
  beginNetfilter(type: number, flags: number, sequence: number, family: number, resource = 0): number {
    const at = this.begin(type, flags, sequence)
    this.#reserve(NFGENMSG)
    const bytes = this.bytes
    bytes[at + 16] = family
    bytes[at + 17] = 0
    bytes[at + 18] = resource >>> 8
    bytes[at + 19] = resource
    return at
  }

  end(): void {
    this.#u32(this.#message, this.length - this.#message)
  }

  /** Sets flags of the message at `at`, after it was begun. */
  addFlags(at: number, flags: number): void {
    this.#u16(at + 6, (this.bytes.readUInt16LE(at + 6) | flags) >>> 0)
  }

  /** Opens a nested attribute; hand the result to `close`. */
  open(type: number): number {
    const at = this.#reserve(4)
    this.#u16(at + 2, type | NLA_F_NESTED)
    return at
  }

  /** @throws RangeError when the attribute is longer than netlink can say (64 KiB) */
  close(at: number): void {
    const length = this.length - at
    if (length > ATTRIBUTE_MAX) throw new RangeError(`attribute of ${length} bytes, at most ${ATTRIBUTE_MAX}`)
    this.#u16(at, length)
  }

  u8(type: number, value: number): void {
    const at = this.#attribute(type, 1)
    this.bytes[at] = value
  }

  u16be(type: number, value: number): void {
    const at = this.#attribute(type, 2)
    this.bytes[at] = value >>> 8
    this.bytes[at + 1] = value
  }

  u32be(type: number, value: number): void {
    const at = this.#attribute(type, 4)
    const bytes = this.bytes
    bytes[at] = value >>> 24
    bytes[at + 1] = value >>> 16
    bytes[at + 2] = value >>> 8
    bytes[at + 3] = value
  }

  u32le(type: number, value: number): void {
    this.#u32(this.#attribute(type, 4), value)
  }

  /** A safe integer as 64 bits. */
  u64be(type: number, value: number): void {
    const at = this.#attribute(type, 8)
    this.bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at)
    this.bytes.writeUInt32BE(value >>> 0, at + 4)
  }

  /** A name with its closing NUL. */
  string(type: number, text: string): void {
    const length = text.length
    const at = this.#attribute(type, length + 1)
    const bytes = this.bytes
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f || code === 0) throw new RangeError(`${JSON.stringify(text)}: names are ASCII`)
      bytes[at + i] = code
    }
    bytes[at + length] = 0
  }

  /** Latin1 bytes as they are. */
  raw(type: number, value: string): void {
    const length = value.length
    const at = this.#attribute(type, length)
    const bytes = this.bytes
    for (let i = 0; i < length; i++) bytes[at + i] = value.charCodeAt(i)
  }

  /** Latin1 bytes without an attribute of their own: the body of `open`, or a fixed header. Padded to 4. */
  append(value: string): void {
    const at = this.#reserve((value.length + 3) & ~3)
    this.bytes.fill(0, at, this.length)
    this.bytes.write(value, at, 'latin1')
  }

  /** Header and padding of an attribute; the result is where its payload begins. */
  #attribute(type: number, length: number): number {
    if (length + 4 > ATTRIBUTE_MAX) throw new RangeError(`attribute of ${length} bytes, at most ${ATTRIBUTE_MAX - 4}`)
    const padded = (length + 7) & ~3
    const at = this.#reserve(padded)
    this.#u16(at, length + 4)
    this.#u16(at + 2, type)
    if ((length & 3) !== 0) this.#u32(at + padded - 4, 0)
    return at + 4
  }

  #reserve(size: number): number {
    const at = this.length
    const end = at + size
    if (end > this.bytes.length) this.#grow(end)
    this.length = end
    return at
  }

  #grow(needed: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(bytes, 0, 0, this.length)
    this.bytes = bytes
  }

  #u16(at: number, value: number): void {
    this.bytes[at] = value
    this.bytes[at + 1] = value >>> 8
  }

  #u32(at: number, value: number): void {
    const bytes = this.bytes
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
  }
}
