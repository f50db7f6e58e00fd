import { number } from '../../../rules/bytes.ts'
import type { Statement } from '../../../rules/model.ts'

/** `meta l4proto tcp … tcp dport 80` asks twice. */
export const withoutRepeats = (statements: readonly Statement[]): readonly Statement[] => {
  const asked = new Set<string>()
  return statements.filter((statement) => {
    if (statement.kind !== 'match' || statement.left.kind !== 'field' || statement.mask !== undefined) return true
    const { field } = statement.left
    if (field !== 'meta l4proto' && field !== 'meta nfproto') return true
    const question = `${field} ${statement.op} ${number(statement.right)}`
    if (asked.has(question)) return false
    asked.add(question)
    return true
  })
}
