import { rawAttributes } from '../../../kernel/foreign/index.ts'
import { Fields } from '../../../kernel/nftables/fields.ts'
import type { NftExpr } from '../../../kernel/nftables/types.ts'
import { number, reversed } from '../../../rules/bytes.ts'
import type { Bytes, Counters, Statement } from '../../../rules/model.ts'
import { withoutRepeats } from '../nft-rules/repeats.ts'
import { actionOf } from './actions.ts'
import { assignMark, type MarkName } from './assignments.ts'
import { type Comparing, compare, hex, textOf, valueOf } from './comparisons.ts'
import type { RaiseContext } from './context.ts'
import { type Known, piecesOf } from './headers.ts'
import { type Load, loadConntrack, loadFib, loadForeign, loadHash, loadMeta, loadNumgen, loadPayload } from './loads.ts'
import { foreignNat, translate } from './nat.ts'
import { type Loaded, Registers, type Value } from './registers.ts'

export interface RaisedRule {
  readonly statements: readonly Statement[]
  readonly counters?: Counters
}

/** A rule of the kernel in the rule model: its expressions are run with registers that hold words instead of bytes. */
export const raiseRule = (expressions: readonly NftExpr[], context: RaiseContext): RaisedRule => {
  const raising = new Raising(context)
  for (const expression of expressions) if (!raising.dead) raising.take(expression)
  const { counters } = raising
  const statements = withoutRepeats(raising.statements)
  return counters === undefined ? { statements } : { statements, counters }
}

type Of<N extends NftExpr['name']> = Extract<NftExpr, { name: N }>

class Raising {
  readonly statements: Statement[] = []
  counters: Counters | undefined
  /** behind a `continue` */
  dead = false
  readonly #context: RaiseContext
  readonly #registers = new Registers()
  readonly #comparing: Comparing & { readonly known: Known }

  constructor(context: RaiseContext) {
    this.#context = context
    const nfproto = context.family === 'ip' ? 2 : context.family === 'ip6' ? 10 : undefined
    this.#comparing = { known: { nfproto, protocol: undefined }, links: context.links }
  }

  take(expression: NftExpr): void {
    switch (expression.name) {
      case 'payload':
        return this.#load(loadPayload(expression))
      case 'meta':
        return this.#load(loadMeta(expression))
      case 'ct':
        return this.#load(loadConntrack(expression))
      case 'fib':
        return this.#load(loadFib(expression))
      case 'numgen':
        return this.#load(loadNumgen(expression))
      case 'jhash':
        return this.#load(
          loadHash(
            expression,
            this.#key(expression.sreg, expression.len)?.map((value) => value.expression),
          ),
        )
      case 'immediate':
        return this.#load({
          register: expression.dreg,
          loaded: { kind: 'constant', data: expression.data },
          width: expression.data.length,
        })
      case 'bitwise':
        return this.#bitwise(expression)
      case 'cmp':
        return this.#compare(expression)
      case 'range':
        return this.#range(expression)
      case 'lookup':
        return this.#lookup(expression)
      case 'dynset':
        return this.#update(expression.set, expression.sregKey)
      case 'meta-set':
        return this.#assign('meta mark', expression.sreg, expression.key)
      case 'nat':
        return this.#put(...translate({ ...expression, flags: 0, range: false }, this.#registers, this.#context.family))
      case 'masq':
        return this.#put({ kind: 'masquerade', fullyRandom: expression.fullyRandom })
      case 'reject':
        return this.#put({ kind: 'reject', with: expression.with })
      case 'counter':
        return this.#count(expression)
      case 'objref':
        return this.#put({ kind: 'counter', name: expression.counter })
      case 'verdict':
        return this.#put({ kind: 'jump', jump: expression.verdict })
      case 'unknown':
        return this.#foreign(expression)
    }
  }

  #put(...statements: readonly Statement[]): void {
    this.statements.push(...statements)
  }

  #load({ register, loaded, width }: Load): void {
    this.#registers.load(register, loaded, width)
  }

  #bitwise({ sreg, dreg, len, mask, xor }: Of<'bitwise'>): void {
    const of = this.#registers.at(sreg)
    const known = this.#comparing.known
    // marks are computed in steps, all else is masked once
    const loaded: Loaded =
      of.kind === 'masked'
        ? { kind: 'masked', of: of.of, mask: and(of.mask, mask), xor: exclusive(and(of.xor, mask), xor) }
        : of.kind === 'header' && (piecesOf(of, known)?.length ?? 0) !== 1
          ? { kind: 'opaque', text: `${textOf(of)} & ${hex(mask)}` }
          : { kind: 'masked', of, mask, xor }
    this.#load({ register: dreg, loaded, width: len })
  }

  #compare({ sreg, op, data }: Of<'cmp'>): void {
    const loaded = this.#registers.at(sreg)
    this.#put(...compare(loaded, op, data, this.#comparing))
    this.#learn(loaded, op, data)
  }

  /** What later headers are of. */
  #learn(loaded: Loaded, op: string, data: Bytes): void {
    if (op !== 'eq' || loaded.kind !== 'value' || loaded.value.expression.kind !== 'field') return
    const { field } = loaded.value.expression
    if (field === 'meta nfproto') this.#comparing.known.nfproto = number(data)
    else if (field === 'meta l4proto') this.#comparing.known.protocol = number(data)
    else if (field === 'meta protocol') this.#comparing.known.nfproto = number(data) === 0x0800 ? 2 : 10
  }

  #range({ sreg, op, from, to }: Of<'range'>): void {
    const value = valueOf(this.#registers.at(sreg), this.#comparing.known)
    if (value === undefined || value.order !== 'network' || value.width !== value.whole) {
      this.#unknown(`${textOf(this.#registers.at(sreg))} ${hex(from)}-${hex(to)}`)
      return
    }
    this.#put({ kind: 'range', left: value.expression, negated: op === 'neq', low: from, high: to })
  }

  #lookup({ set, sreg, dreg, invert }: Of<'lookup'>): void {
    const loaded = this.#registers.at(sreg)
    if (loaded.kind === 'state') {
      this.#put({ kind: 'state', text: `“${loaded.text}” does not match` })
      return
    }
    const length = this.#context.keyLength(set)
    const values = length === undefined ? undefined : this.#key(sreg, length)
    if (values === undefined) {
      this.#unknown(`${textOf(loaded)} @${set}`)
      return
    }
    this.#context.uses(set, values)
    const key = values.map(({ expression }) => expression)
    if (dreg === null) this.#put({ kind: 'lookup', key, set, negated: invert })
    else if (dreg === 0) this.#put({ kind: 'vmap', key, map: set })
    // an address and a port, at most
    else this.#load({ register: dreg, loaded: { kind: 'mapped', map: set, key }, width: 20 })
  }

  /** The parts of a key, whole fields or single bytes each; undefined: one is not understood. */
  #key(register: number, length: number): readonly Value[] | undefined {
    const values: Value[] = []
    for (const loaded of this.#registers.key(register, length)) {
      if (loaded.kind === 'header') {
        const pieces = piecesOf(loaded, this.#comparing.known)
        if (pieces === undefined || pieces.some(({ value, whole }) => value.width !== whole)) return undefined
        values.push(...pieces.map(({ value }) => value))
      } else if (loaded.kind === 'value') values.push(loaded.value)
      else if (loaded.kind === 'masked') {
        const value = this.#maskedValue(loaded)
        if (value === undefined) return undefined
        values.push(value)
      } else return undefined
    }
    return values
  }

  #maskedValue({ of, mask, xor }: Extract<Loaded, { kind: 'masked' }>): Value | undefined {
    const value = valueOf(of, this.#comparing.known)
    if (value === undefined || value.order === 'index' || value.width !== value.whole) return undefined
    const turned = (bytes: Bytes): Bytes => (value.order === 'host' ? reversed(bytes) : bytes)
    const expression = { kind: 'bitwise', of: value.expression, mask: turned(mask), xor: turned(xor) } as const
    return { expression, width: value.width, order: value.order }
  }

  #update(set: string, register: number): void {
    const length = this.#context.keyLength(set)
    const values = length === undefined ? undefined : this.#key(register, length)
    if (values === undefined) {
      this.#put({ kind: 'side-effect', text: `update @${set}` })
      return
    }
    this.#context.uses(set, values)
    this.#put({ kind: 'update', set, key: values.map(({ expression }) => expression) })
  }

  /** `what`: nft's name of the key that is set; only marks matter. */
  #assign(mark: MarkName, register: number, what: string): void {
    if (what === 'mark') this.#put(assignMark(mark, this.#registers.at(register)))
    else this.#put({ kind: 'side-effect', text: `${what} set` })
  }

  #count({ packets = 0, bytes = 0 }: Of<'counter'>): void {
    this.counters = { packets, bytes }
    this.#put({ kind: 'counter' })
  }

  #unknown(text: string): void {
    this.#put({ kind: 'unknown', text })
  }

  #foreign(expression: Of<'unknown'>): void {
    const load = loadForeign(expression)
    if (load !== undefined) {
      this.#load(load)
      return
    }
    const { kernelName, raw } = expression
    const fields = new Fields(rawAttributes(raw))
    switch (kernelName) {
      case 'byteorder':
        return this.#reorder(fields)
      case 'ct':
        return this.#assign('ct mark', fields.u32(4), fields.u32(2) === CT_MARK ? 'mark' : `ct key ${fields.u32(2)}`)
      case 'nat':
      case 'redir':
      case 'masq':
        return this.#put(...foreignNat(kernelName, fields, this.#registers, this.#context.family))
      case 'dynset':
        return this.#update(fields.string(1), fields.u32(4))
      default: {
        const statements = actionOf(kernelName, fields, this.#comparing.known, this.#context)
        if (statements === 'end') this.dead = true
        else this.#put(...statements)
      }
    }
  }

  /** Numbers of the machine in network order, so that they can be compared: values lose nothing. */
  #reorder(fields: Fields): void {
    const of = this.#registers.at(fields.u32(1))
    const turned: Loaded =
      of.kind === 'value' && of.value.order === 'host'
        ? { kind: 'value', value: { ...of.value, order: 'network' } }
        : of.kind === 'random' || (of.kind === 'masked' && of.of.kind === 'random')
          ? of
          : { kind: 'opaque', text: `${textOf(of)} in network order` }
    this.#load({ register: fields.u32(2), loaded: turned, width: fields.u32(4) })
  }
}

/** NFT_CT_MARK */
const CT_MARK = 3

const and = (a: Bytes, b: Bytes): Bytes => combine(a, b, (x, y) => x & y)
const exclusive = (a: Bytes, b: Bytes): Bytes => combine(a, b, (x, y) => x ^ y)
const combine = (a: Bytes, b: Bytes, of: (x: number, y: number) => number): Bytes =>
  Array.from(a, (char, index) => String.fromCharCode(of(char.charCodeAt(0), b.charCodeAt(index) || 0))).join('')
