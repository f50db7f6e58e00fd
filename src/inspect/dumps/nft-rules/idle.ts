import type { Statement } from '../../../rules/model.ts'

/** Whether a rule holds a match that nobody can answer, and does not matter: it only counts or logs. */
export const isIdle = (statements: readonly Statement[]): boolean =>
  statements.some(isStrange) && !statements.some(decides)

const isStrange = (statement: Statement): boolean => statement.kind === 'unknown' && statement.role !== 'target'

const decides = (statement: Statement): boolean => {
  switch (statement.kind) {
    case 'match':
    case 'range':
    case 'lookup':
    case 'chance':
    case 'state':
    case 'counter':
    case 'side-effect':
      return false
    case 'unknown':
      return statement.role === 'target'
    default:
      return true
  }
}
