import type { IptablesFamily } from '../types.ts'

/** An extension of x_tables as the kernel holds it. Numbers in `info` are in the machine's order unless a codec says otherwise. */
export interface Extension {
  readonly name: string
  readonly revision: number
  /** the structure of linux/netfilter/xt_*.h; what we build is padded to 8 bytes (XT_ALIGN) */
  readonly info: Buffer
  readonly family: IptablesFamily
}

/** An extension as a rule's text has it. */
export interface Options {
  readonly family: IptablesFamily
  /** `--dport` → [`80`]; `! --dport` has the same key and is in `negated` */
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly negated: ReadonlySet<string>
}

/** One extension, both ways: `print` and `build` are each other's inverse for what a Service proxy writes. */
export interface XtCodec {
  /** As iptables-save 1.8.9 prints it. Null: another structure, or options that are not known here. Throws RangeError where `info` is too short. */
  readonly print: (info: Buffer, extension: Extension) => string | null
  /** Null: options that are not known here. */
  readonly build: (options: Options) => Pick<Extension, 'revision' | 'info'> | null
}

/** The value of an option; null: missing, given twice over, or with something else than one value. */
export const one = ({ values }: Options, option: string): string | null => {
  const given = values.get(option)
  return given?.length === 1 ? (given[0] ?? null) : null
}

export const onlyHas = ({ values }: Options, ...allowed: readonly string[]): boolean =>
  values.keys().every((option) => allowed.includes(option))

/** Decimal or hex, up to `most`; null: no such number. */
export const number = (text: string | null, most: number): number | null => {
  if (text === null || !/^(0x[\da-f]+|\d+)$/i.test(text)) return null
  const value = Number(text)
  return value <= most ? value : null
}

/** `a,b` → the sum of their bits; null: a name that is none. */
export const bitsOf = (text: string, bits: ReadonlyMap<string, number>): number | null => {
  let sum = 0
  for (const name of text.split(',')) {
    const bit = bits.get(name)
    if (bit === undefined) return null
    sum |= bit
  }
  return sum
}

/** xt's strings end at a NUL, or fill their place. */
export const textAt = (bytes: Buffer, at: number, length: number): string => {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end < 0 || end > at + length ? at + length : end)
}
