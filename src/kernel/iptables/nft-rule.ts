import { parseCidr } from '../../model/address.ts'
import type { Bytes, NftExpr, NftRule } from '../nftables/types.ts'
import { type ExtensionWords, ruleWords } from './rule-words.ts'
import type { IptablesFamily } from './types.ts'
import { isTargetExtension, matchExpression, targetExpression } from './xt/index.ts'

/** Extensions that many rules share, by family and text; as many as a probability for every number of endpoints needs. */
const MOST_REMEMBERED = 20_000

/**
 * Rules as iptables-nft writes them: addresses, interfaces and protocol in nf_tables' own words, everything else as x_tables'
 * extensions, which every version of iptables-nft can list.
 */
export class NftRules {
  readonly #family: IptablesFamily
  readonly #shared = new Map<string, NftExpr>()

  constructor(family: IptablesFamily) {
    this.#family = family
  }

  /** Null: something in it is not known here. */
  read(rule: string): NftRule | null {
    const words = ruleWords(rule)
    if (words === null) return null
    const expressions: NftExpr[] = []
    let compat: NftRule['compat']
    for (const option of headOrder) {
      const given = words.head.get(option)
      if (given === undefined) continue
      const protocol = option === '-p' ? protocols.get(given.value) : undefined
      const own = this.#headExpressions(option, given.value, given.negated)
      if (own === null) return null
      if (protocol !== undefined) compat = { protocol, inverted: given.negated }
      expressions.push(...own)
    }
    for (const match of words.matches) {
      const expression = this.#match(match)
      if (expression === null) return null
      expressions.push(expression)
    }
    expressions.push({ name: 'counter' })
    if (words.target !== null) {
      const target = this.#target(words.target, words.target.goto)
      if (target === null) return null
      expressions.push(target)
    }
    return { expressions, comment: '', ...(compat && { compat }) }
  }

  #headExpressions(option: string, value: string, negated: boolean): readonly NftExpr[] | null {
    const op = negated ? 'neq' : 'eq'
    switch (option) {
      case '-i':
      case '-o': {
        const data = value.endsWith('+') ? value.slice(0, -1) : `${value}\0`
        if (data === '' || data.length > IFNAMSIZ) return null
        return [
          { name: 'meta', key: option === '-i' ? 'iifname' : 'oifname', dreg: 1 },
          { name: 'cmp', sreg: 1, op, data },
        ]
      }
      case '-p': {
        const protocol = protocols.get(value)
        if (protocol === undefined) return null
        return [
          { name: 'meta', key: 'l4proto', dreg: 1 },
          { name: 'cmp', sreg: 1, op, data: String.fromCharCode(protocol) },
        ]
      }
      default:
        return this.#address(option === '-s' ? 'source' : 'destination', value, op)
    }
  }

  /** A prefix of whole bytes is a shorter load, another one a mask. */
  #address(side: 'source' | 'destination', cidr: string, op: 'eq' | 'neq'): readonly NftExpr[] | null {
    const range = parseCidr(cidr)
    const size = this.#family === 'ip' ? 4 : 16
    if (range === null || range.first.length !== size || range.prefix === 0) return null
    const { first, prefix } = range
    const offset = (size === 4 ? 12 : 8) + (side === 'source' ? 0 : size)
    const whole = prefix % 8 === 0
    const len = whole ? prefix / 8 : size
    const load = { name: 'payload', dreg: 1, base: 'network', offset, len } as const
    const compare = { name: 'cmp', sreg: 1, op, data: first.slice(0, len) } as const
    if (whole) return [load, compare]
    const mask = { name: 'bitwise', sreg: 1, dreg: 1, len, mask: maskOf(prefix, size), xor: '\0'.repeat(size) } as const
    return [load, mask, compare]
  }

  #match(words: ExtensionWords): NftExpr | null {
    const key = `m ${words.name} ${words.text}`
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const built = matchExpression(words.name, { ...words, family: this.#family })
    if (built !== null && isShared(words.name)) this.#remember(key, built)
    return built
  }

  #target(words: ExtensionWords, goto: boolean): NftExpr | null {
    if (isTargetExtension(words.name) && !goto) return targetExpression(words.name, { ...words, family: this.#family })
    if (words.values.size > 0) return null
    const verdict = goto ? undefined : verdicts.get(words.name)
    if (verdict !== undefined) return { name: 'verdict', verdict: { verdict } }
    return { name: 'verdict', verdict: { verdict: goto ? 'goto' : 'jump', chain: words.name } }
  }

  #remember(key: string, expression: NftExpr): void {
    if (this.#shared.size >= MOST_REMEMBERED) this.#shared.clear()
    this.#shared.set(key, expression)
  }
}

/** Comments and clients' lists are each rule's own. */
const isShared = (name: string): boolean => name !== 'comment' && name !== 'recent'

/** as iptables-nft has them */
const headOrder = ['-i', '-o', '-p', '-s', '-d'] as const

const IFNAMSIZ = 16

const protocols: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
])

const verdicts: ReadonlyMap<string, 'accept' | 'drop' | 'return'> = new Map([
  ['ACCEPT', 'accept'],
  ['DROP', 'drop'],
  ['RETURN', 'return'],
])

const maskOf = (prefix: number, size: number): Bytes =>
  String.fromCharCode(
    ...Array.from({ length: size }, (_, byte) => 0xff & ~(0xff >> Math.min(8, Math.max(0, prefix - byte * 8)))),
  )
