import type { InputProblem } from '../model/snapshot.ts'
import type { Log } from '../util/log.ts'

export interface InputProblems {
  readonly current: () => readonly InputProblem[]
  /** all that is wrong now; what is new is logged */
  readonly set: (problems: readonly InputProblem[]) => void
}

/** Faults that a source found in its input. */
export const inputProblems = (log: Log): InputProblems => {
  let current: readonly InputProblem[] = []
  return {
    current: () => current,
    set(problems) {
      const known = new Set(current.map((problem) => JSON.stringify(problem)))
      for (const problem of problems) if (!known.has(JSON.stringify(problem))) log.warn(problem, 'a fault in the input')
      current = problems
    },
  }
}
