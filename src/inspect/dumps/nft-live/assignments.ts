import { number, reversed } from '../../../rules/bytes.ts'
import type { Bytes, Statement } from '../../../rules/model.ts'
import { hex, textOf } from './comparisons.ts'
import type { Loaded } from './registers.ts'

export type MarkName = 'meta mark' | 'ct mark'

const ALL = 0xffffffff

const word = (bytes: Bytes): number => number(reversed(bytes))

/** `meta mark set …`, `ct mark set …`: a constant, or a mark with bits changed. */
export const assignMark = (to: MarkName, loaded: Loaded): Statement => {
  const unknown: Statement = { kind: 'unknown', text: `${to} set ${textOf(loaded)}`, role: 'target' }
  if (loaded.kind === 'constant') {
    if (loaded.data.length !== 4) return { ...unknown, text: `${to} set ${hex(loaded.data)}` }
    return { kind: to === 'meta mark' ? 'mark' : 'ct-mark', and: 0, xor: word(loaded.data) }
  }
  const of = loaded.kind === 'masked' ? loaded.of : loaded
  const [mask, xor] = loaded.kind === 'masked' ? [word(loaded.mask), word(loaded.xor)] : [ALL, 0]
  const name = of.kind === 'value' && of.value.expression.kind === 'field' ? of.value.expression.field : undefined
  if (name === to) return { kind: to === 'meta mark' ? 'mark' : 'ct-mark', and: mask, xor }
  if (xor !== 0) return unknown
  if (name === 'ct mark') return { kind: 'restore-mark', ctMask: mask, markMask: ALL }
  return name === 'meta mark' ? { kind: 'save-mark', ctMask: ALL, markMask: mask } : unknown
}
