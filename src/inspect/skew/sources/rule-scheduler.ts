import type { Expression } from '../../../rules/model.ts'
import type { PassedRule } from './rule-index.ts'

/** How rules pick a backend, in our names: `rr`, `random`, `sh` (by client), `maglev` (by flow); null: they pick nothing, or otherwise. */
export const schedulerOf = (passed: readonly PassedRule[]): string | null => {
  for (const { rule } of passed) {
    for (const statement of rule.statements) {
      if (statement.kind === 'chance') return rule.text?.includes('--mode nth') ? 'rr' : 'random'
      const key = statement.kind === 'vmap' || statement.kind === 'dnat-map' ? statement.key : []
      for (const part of key) {
        const name = nameOf(part)
        if (name !== null) return name
      }
    }
  }
  return null
}

const nameOf = (part: Expression): string | null => {
  if (part.kind === 'numgen') return part.mode === 'inc' ? 'rr' : 'random'
  if (part.kind !== 'jhash') return null
  return part.of.some((one) => one.kind === 'field' && one.field === 'th sport') ? 'maglev' : 'sh'
}
