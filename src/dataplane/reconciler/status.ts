import type { FrontendKey } from '../../model/frontend.ts'
import type { Backlog, Pending } from './backlog.ts'
import type { Desired } from './desired.ts'
import { FOUND } from './found.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { PlaneName, PlaneObject } from '../plane.ts'
import type { Reading } from './reading.ts'

/** A frontend that is not in the kernel as planned. */
export interface Lagging {
  /** '' is the node's own part (`Plane.base`) */
  readonly frontend: FrontendKey
  readonly state: 'pending' | 'failing'
  /** why the last attempt failed, '' none */
  readonly reason: string
  /** ms since the epoch */
  readonly since: number
  readonly attempts: number
}

/** What the plane cannot do for a frontend: named capabilities and limits. */
export interface Refusal {
  readonly frontend: FrontendKey
  readonly reasons: readonly string[]
}

export interface PlaneStatus {
  readonly plane: PlaneName
  /** planned */
  readonly frontends: number
  readonly inSync: number
  readonly lagging: readonly Lagging[]
  /** frontends in force that the plan does not have and that are on the way out */
  readonly extra: number
  /** frontends that stay as they were found in the kernel: all until the sources are complete, then those asked for */
  readonly kept: number
  /** since when, ms since the epoch; 0: none are kept */
  readonly keptSince: number
  /** objects in the kernel's tables of ours that belong to nothing */
  readonly strays: number
  /** removed, kept a moment for packets in flight */
  readonly lingering: number
  readonly refused: readonly Refusal[]
  /** ms since the epoch, 0 never */
  readonly lastChange: number
  readonly transactions: number
  /** why the kernel could not be read, '' it could */
  readonly unreadable: string
  /** changes by others to our objects since the start */
  readonly foreignChanges: number
}

export interface StatusParts<O extends PlaneObject> {
  readonly plane: PlaneName
  readonly desired: Desired<O>
  readonly ledger: Ledger<O>
  readonly backlog: Backlog
  readonly reading: Reading<O>
  readonly refused: ReadonlyMap<FrontendKey, readonly string[]>
  readonly keptSince: number
  readonly lastChange: number
  readonly transactions: number
}

export const planeStatus = <O extends PlaneObject>(parts: StatusParts<O>): PlaneStatus => {
  const { plane, desired, ledger, backlog, reading, refused, keptSince, lastChange, transactions } = parts
  const late = lagging(backlog)
  const missing = late.filter(({ frontend }) => desired.isPlanned(frontend)).length
  let extra = 0
  for (const key of ledger.keys()) if (!desired.has(key)) extra++
  const kept = desired.kept - (desired.keptProgram(FOUND) ? 1 : 0)
  return {
    plane,
    frontends: desired.size,
    inSync: reading.done ? desired.size - missing : 0,
    lagging: late,
    extra,
    kept,
    keptSince: kept > 0 ? keptSince : 0,
    strays: ledger.strays,
    lingering: ledger.lingering,
    refused: refusals(refused),
    lastChange,
    transactions,
    unreadable: reading.problem,
    foreignChanges: reading.foreignChanges,
  }
}

/** Sorted by frontend. */
const lagging = (pending: Iterable<Pending>): Lagging[] =>
  Array.from(pending, ({ key, attempts, reason, since }) => ({
    frontend: key,
    state: attempts > 0 ? ('failing' as const) : ('pending' as const),
    reason,
    since,
    attempts,
  })).sort((a, b) => (a.frontend < b.frontend ? -1 : 1))

/** Sorted by frontend. */
const refusals = (refused: ReadonlyMap<FrontendKey, readonly string[]>): Refusal[] =>
  Array.from(refused, ([frontend, reasons]) => ({ frontend, reasons })).sort((a, b) =>
    a.frontend < b.frontend ? -1 : 1,
  )
