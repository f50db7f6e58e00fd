import type { Problem } from '../problem.ts'

/** A damaged dump has thousands of problems of a kind; people need the first ones. */
const MOST = 40

export interface ProblemList {
  add(line: number | undefined, text: string, doubt?: boolean): void
  list(): readonly Problem[]
}

export const problemList = (file: string): ProblemList => {
  const shown: Problem[] = []
  let more = 0
  let doubtful = false
  return {
    add(line, text, doubt = false) {
      if (shown.length < MOST) {
        shown.push({ file, text, ...(line !== undefined && { line }), ...(doubt && { doubt }) })
        return
      }
      more++
      doubtful ||= doubt
    },
    list: () =>
      more === 0 ? shown : [...shown, { file, text: `and ${more} more problems`, ...(doubtful && { doubt: true }) }],
  }
}
