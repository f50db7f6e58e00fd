import type { NftExpr, NftRule } from './types.ts'
import { commentUserdata } from './userdata.ts'

/**
 * The same rule for the kernel: counters' figures are left out, and NFT_REG32_00, 04, 08, 12 (8, 12, 16, 20) are
 * the 16-byte registers 1 … 4 by another name, which is how a dump names them.
 */
export function equalRules(a: NftRule, b: NftRule): boolean {
  return (
    (a.comment === b.comment || commentUserdata(a.comment) === commentUserdata(b.comment)) &&
    a.expressions.length === b.expressions.length &&
    a.expressions.every((expression, index) => equalExpressions(expression, b.expressions[index] as NftExpr))
  )
}

export function equalExpressions(a: NftExpr, b: NftExpr): boolean {
  if (a.name !== b.name) return false
  if (a.name === 'counter') return true
  if (a.name === 'verdict' || b.name === 'verdict') return equalVerdicts(a, b)
  const left = Object.entries(a)
  const right = b as unknown as Readonly<Record<string, unknown>>
  return left.length === Object.keys(b).length && left.every(([key, value]) => sameField(key, value, right[key]))
}

const registers: ReadonlySet<string> = new Set(['sreg', 'dreg', 'sregKey', 'addressReg', 'portReg'])

function sameField(key: string, a: unknown, b: unknown): boolean {
  return a === b || (registers.has(key) && typeof a === 'number' && typeof b === 'number' && slot(a) === slot(b))
}

/** Where a register begins, in 4-byte units; 0 is the verdict. */
const slot = (register: number): number => (register >= 1 && register <= 4 ? register * 4 + 4 : register)

function equalVerdicts(a: NftExpr, b: NftExpr): boolean {
  if (a.name !== 'verdict' || b.name !== 'verdict' || a.verdict.verdict !== b.verdict.verdict) return false
  return ('chain' in a.verdict ? a.verdict.chain : '') === ('chain' in b.verdict ? b.verdict.chain : '')
}
