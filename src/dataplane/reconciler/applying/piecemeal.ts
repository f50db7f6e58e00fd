/** Items made between two turns of the event loop: it hears soon that the kernel is done and can be given the next piece. */
const SLICE = 64

export interface PiecemealSteps<T, M> {
  /** orders items and cuts them into pieces, each one transaction */
  readonly cut: (items: readonly T[]) => T[][]
  /** what has come meanwhile, each item once; asked when no piece is left */
  readonly more: () => readonly T[]
  readonly make: (items: readonly T[]) => readonly M[]
  /** hands a piece to the kernel; answers the error, null: it is in force */
  readonly send: (made: readonly M[]) => Promise<unknown>
  readonly done: (made: readonly M[]) => void
  /** a turn of the event loop */
  readonly nextTurn: () => Promise<unknown>
}

interface Sent<M> {
  readonly made: readonly M[]
  readonly answer: Promise<unknown>
}

/**
 * Sends pieces one after another, each made while the kernel works on the one before. A failure ends it: the error is answered once
 * nothing is in flight any more, null where all is in force.
 */
export const applyPiecemeal = async <T, M>(items: readonly T[], steps: PiecemealSteps<T, M>): Promise<unknown> => {
  const { cut, more, make, send, done } = steps
  let pieces = cut(items)
  let inFlight: Sent<M> | null = null
  for (;;) {
    if (pieces.length === 0) pieces = cut(more())
    const piece = pieces.shift()
    if (piece === undefined && inFlight === null) return null
    const made: readonly M[] | undefined = piece && (inFlight ? await inSlices(piece, steps) : make(piece))
    const next: Sent<M> | null = made ? { made, answer: send(made) } : null
    if (inFlight) {
      const error = await inFlight.answer
      if (error !== null) {
        await next?.answer
        return error
      }
      done(inFlight.made)
    }
    inFlight = next
  }
}

const inSlices = async <T, M>(items: readonly T[], { make, nextTurn }: PiecemealSteps<T, M>): Promise<M[]> => {
  const made: M[] = []
  for (let at = 0; at < items.length; at += SLICE) {
    if (at > 0) await nextTurn()
    made.push(...make(items.slice(at, at + SLICE)))
  }
  return made
}
