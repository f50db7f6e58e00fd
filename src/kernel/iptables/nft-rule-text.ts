import { formatAddress } from '../../model/address.ts'
import { Attributes, Fault } from '../netlink/reader.ts'
import type { NftExpr } from '../nftables/types.ts'
import type { IptablesFamily } from './types.ts'
import type { Extension } from './xt/codec.ts'
import { matchText, targetText } from './xt/index.ts'
import { markText } from './xt/marks.ts'

export interface NftRuleText {
  /** as iptables-save prints it; null: something is not understood */
  readonly text: string | null
  /** the chain it jumps or goes to, '' none or an extension */
  readonly target: string
  readonly packets: number
}

/** A rule that iptables-nft wrote, as iptables-save 1.8.9 prints it: what nf_tables says itself, and what x_tables' extensions say. */
export const nftRuleText = (expressions: readonly NftExpr[], family: IptablesFamily): NftRuleText => {
  const rule = new RuleReader(family)
  for (const expression of expressions) rule.add(expression)
  return { text: rule.text(), target: rule.target, packets: rule.packets }
}

/** what was loaded into the register, and the mask it was put through */
interface Loaded {
  readonly what: 'source' | 'destination' | 'protocol' | 'mark' | 'input' | 'output' | 'sport' | 'dport'
  readonly mask: string | null
}

const protocols: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
])

class RuleReader {
  target = ''
  packets = 0
  readonly #family: IptablesFamily
  #loaded: Loaded | null = null
  #understood = true
  /** `-s …`, `-d …`, `-i …`, `-o …`, `-p …` */
  readonly #head = { source: '', destination: '', input: '', output: '', protocol: '' }
  #protocol = ''
  readonly #rest: string[] = []

  constructor(family: IptablesFamily) {
    this.#family = family
  }

  text(): string | null {
    if (!this.#understood) return null
    return [...Object.values(this.#head), ...this.#rest].filter(Boolean).join(' ')
  }

  add(expression: NftExpr): void {
    switch (expression.name) {
      case 'payload':
        return this.#load(this.#header(expression.base, expression.offset, expression.len))
      case 'meta':
        return this.#load(metaFields[expression.key] ?? null)
      case 'bitwise':
        if (this.#loaded === null || /[^\0]/.test(expression.xor)) this.#understood = false
        else this.#loaded = { ...this.#loaded, mask: expression.mask }
        return
      case 'cmp':
        return this.#compare(expression.op, expression.data)
      case 'counter':
        this.packets = expression.packets ?? 0
        return
      case 'verdict': {
        const { verdict } = expression
        const to = 'chain' in verdict ? verdict.chain : verdict.verdict.toUpperCase()
        if ('chain' in verdict) this.target = to
        this.#rest.push(`${verdict.verdict === 'goto' ? '-g' : '-j'} ${to}`)
        return
      }
      case 'unknown':
        return this.#extension(expression.kernelName, expression.raw)
      default:
        this.#understood = false
    }
  }

  #load(what: Loaded['what'] | null): void {
    if (what === null) this.#understood = false
    this.#loaded = what && { what, mask: null }
  }

  #header(base: string, offset: number, length: number): Loaded['what'] | null {
    if (base === 'transport')
      return length === 2 && offset === 2 ? 'dport' : length === 2 && offset === 0 ? 'sport' : null
    if (base !== 'network') return null
    if (this.#family === 'ip' && offset === 9 && length === 1) return 'protocol'
    const [source, size] = this.#family === 'ip' ? [12, 4] : [8, 16]
    if (length > size) return null
    return offset === source ? 'source' : offset === source + size ? 'destination' : null
  }

  #compare(op: string, data: string): void {
    const loaded = this.#loaded
    const negated = op === 'neq'
    if (loaded === null || (op !== 'eq' && !negated)) {
      this.#understood = false
      return
    }
    const not = negated ? '! ' : ''
    const { what, mask } = loaded
    switch (what) {
      case 'source':
      case 'destination':
        this.#head[what] = `${not}${what === 'source' ? '-s' : '-d'} ${this.#cidr(data, mask)}`
        return
      case 'input':
      case 'output':
        this.#head[what] = `${not}${what === 'input' ? '-i' : '-o'} ${interfaceName(data)}`
        return
      case 'protocol': {
        const name = protocols.get(data.charCodeAt(0))
        if (name === undefined) this.#understood = false
        this.#protocol = negated ? '' : (name ?? '')
        this.#head.protocol = `${not}-p ${name ?? ''}`
        return
      }
      case 'mark':
        this.#rest.push(markText(hostNumber(data), mask === null ? 0xffffffff : hostNumber(mask), negated))
        return
      case 'sport':
      case 'dport': {
        if (mask !== null || this.#protocol === '') this.#understood = false
        const port = (data.charCodeAt(0) << 8) | data.charCodeAt(1)
        this.#rest.push(`-m ${this.#protocol} ${not}--${what} ${port}`)
      }
    }
  }

  /** A prefix of whole bytes is a shorter load, another one a mask. */
  #cidr(data: string, mask: string | null): string {
    const size = this.#family === 'ip' ? 4 : 16
    const prefix = mask === null ? data.length * 8 : prefixOf(mask)
    if (prefix === null) this.#understood = false
    return `${formatAddress(data.padEnd(size, '\0').slice(0, size))}/${prefix ?? 0}`
  }

  #extension(kind: string, raw: string): void {
    const extension = extensionOf(raw, this.#family)
    const text = kind === 'match' ? matchText(extension) : kind === 'target' ? targetText(extension) : null
    if (text === null) this.#understood = false
    else this.#rest.push(text)
  }
}

const metaFields: Readonly<Record<string, Loaded['what']>> = {
  l4proto: 'protocol',
  mark: 'mark',
  iifname: 'input',
  oifname: 'output',
}

/** NFTA_MATCH_NAME …, NFTA_TARGET_NAME … */
const NAME = 1
const REVISION = 2
const INFO = 3

const extensionOf = (raw: string, family: IptablesFamily): Extension => {
  const bytes = Buffer.from(raw, 'latin1')
  const attributes = new Attributes(bytes, 0, bytes.length, new Fault())
  let [name, revision, info] = ['', 0, Buffer.alloc(0)]
  while (attributes.next()) {
    if (attributes.type === NAME) name = attributes.string()
    else if (attributes.type === REVISION) revision = attributes.u32be()
    else if (attributes.type === INFO) info = bytes.subarray(attributes.start, attributes.start + attributes.length)
  }
  return { name, revision, info, family }
}

/** With its NUL it is a whole name, without it what a name begins with. */
const interfaceName = (data: string): string => {
  const end = data.indexOf('\0')
  return end < 0 ? `${data}+` : data.slice(0, end)
}

const prefixOf = (mask: string): number | null => {
  let bits = ''
  for (const byte of mask) bits += byte.charCodeAt(0).toString(2).padStart(8, '0')
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : null
}

/** Numbers that the kernel keeps as numbers are little-endian in a register, on the machines that we run on. */
const hostNumber = (data: string): number => Buffer.from(data, 'latin1').readUInt32LE(0)
