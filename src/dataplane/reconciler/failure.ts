import { KernelError } from '../../kernel/errors.ts'
import { LayoutConflict } from '../plane.ts'

/** What a failed kernel call tells about the kernel: nothing happened, it holds something else than believed, or nobody knows. */
export type Failure = 'refused' | 'surprising' | 'uncertain' | 'conflict'

const surprising = new Set(['ENOENT', 'EEXIST', 'EBUSY', 'ENOTEMPTY', 'ESTALE'])
/** The answer was lost, so the change may be in force. */
const uncertain = new Set(['', 'ENOBUFS', 'ETIMEDOUT'])

export const failureOf = (error: unknown): Failure => {
  if (error instanceof LayoutConflict) return 'conflict'
  if (!(error instanceof KernelError) || uncertain.has(error.errno)) return 'uncertain'
  return surprising.has(error.errno) ? 'surprising' : 'refused'
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
