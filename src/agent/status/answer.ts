import type { Driver, PlaneObject } from '../../dataplane/plane.ts'
import type { Reconciler } from '../../dataplane/reconciler/reconciler.ts'
import type { Verification } from '../../dataplane/reconciler/reading.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import type { Clock } from '../../util/clock.ts'
import type { BrakeStatus } from '../brake/status.ts'
import type { StatusRequest } from '../control.ts'
import { type AgentStatus, isInSync, planeReport, type SourceReport } from './status.ts'

export interface StatusParts {
  readonly node: string
  readonly clock: Clock
  readonly source: () => SourceReport
  readonly problems: () => readonly InputProblem[]
  /** null: not yet started */
  readonly plane: () => {
    readonly reconciler: Reconciler<PlaneObject>
    readonly driver: Pick<Driver<PlaneObject>, 'counters'>
  } | null
  /** the sources are complete and their plan was handed on */
  readonly isPlanned: () => boolean
  /** null: there is none */
  readonly brake: () => BrakeStatus | null
}

export type AnswerStatus = (request: Omit<StatusRequest, 'request'>) => Promise<AgentStatus>

/** ms that a reading of the kernel answers further questions */
const VERIFIED_FOR = 500
/** ms to wait for a reading of the kernel before the status is told without */
const VERIFY_WITHIN = 5_000

/** Answers `evenkeel status`, at any moment of the agent's life. */
export const answerStatus = (parts: StatusParts): AnswerStatus => {
  const verify = verifier(parts.clock)
  return async (request) => {
    const found = parts.plane()
    const verification = found && request.verify ? await verify(found.reconciler) : null
    const counters = found && request.counters ? await found.driver.counters() : null
    const report = found && planeReport(found.reconciler.status(), verification)
    const planes = report ? [counters ? { ...report, counters } : report] : []
    const brake = parts.brake()
    return {
      node: parts.node,
      agent: true,
      inSync: parts.isPlanned() && planes.length > 0 && planes.every(isInSync) && !brake?.engaged,
      source: parts.source(),
      planes,
      ...(brake ? { brake } : {}),
      problems: [...parts.problems()].sort(byObject),
    }
  }
}

/** Many who ask at once cost one reading. null: the kernel cannot be read. */
const verifier = (clock: Clock): ((reconciler: Reconciler<PlaneObject>) => Promise<Verification | null>) => {
  let last: { readonly asked: number; readonly found: Promise<Verification | null> } | null = null
  return (reconciler) => {
    const now = clock.now()
    if (last && now - last.asked < VERIFIED_FOR) return last.found
    const { promise: late, resolve } = Promise.withResolvers<null>()
    const cancel = clock.after(VERIFY_WITHIN, () => resolve(null))
    const found = Promise.race([reconciler.verify(), late]).finally(cancel)
    last = { asked: now, found }
    return found
  }
}

const byObject = (a: InputProblem, b: InputProblem): number => {
  const x = `${a.object} ${a.field} ${a.where} ${a.message}`
  const y = `${b.object} ${b.field} ${b.where} ${b.message}`
  return x < y ? -1 : x > y ? 1 : 0
}
