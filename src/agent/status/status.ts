import type { BackendCounter, PlaneName } from '../../dataplane/plane.ts'
import type { Verification } from '../../dataplane/reconciler/reading.ts'
import type { PlaneStatus, Refusal } from '../../dataplane/reconciler/status.ts'
import type { InputProblem } from '../../model/snapshot.ts'
import type { BrakeStatus } from '../brake/status.ts'
import type { ShadowStatus } from '../shadow/status.ts'

/** What `evenkeel status -o json` prints (docs/json.md). Lists are sorted; times are ms since the epoch. */
export interface AgentStatus {
  readonly node: string
  /** false: the answer comes from a comparison with the kernel, nobody keeps it in sync */
  readonly agent: boolean
  readonly inSync: boolean
  readonly source: SourceReport
  readonly planes: readonly PlaneReport[]
  /** absent: none is configured, or no agent runs */
  readonly brake?: BrakeStatus
  /** of `run --shadow`, which has no plane; `inSync`: the rules in force do what the plan says */
  readonly shadow?: ShadowStatus
  /** faults of the input and conflicts between objects */
  readonly problems: readonly InputProblem[]
}

export interface SourceReport {
  /** `manifests:DIR`, `kubernetes:https://10.96.0.1` */
  readonly name: string
  readonly synced: boolean
  /** when the newest of what it says was written, 0 unknown */
  readonly modified: number
  /** cut off from what it reads: what is in force may be out of date */
  readonly stale: boolean
  /** only while it is stale: when all was last known to be up to date, 0 never */
  readonly since?: number
  /** what is wrong with the source as a whole, and the cure */
  readonly problem?: string
}

export interface PlaneReport {
  readonly plane: PlaneName
  readonly frontends: number
  readonly inSync: number
  /** frontends that are not in the kernel as planned */
  readonly missing: readonly MissingFrontend[]
  /** frontends and objects in the kernel that are not planned */
  readonly extra: number
  /**
   * frontends that stay as they were found in the kernel: all until the source was read once, later those that the brake holds since
   * the start; absent: none
   */
  readonly kept?: number
  readonly refused: readonly Refusal[]
  /** '' or why the kernel cannot be read */
  readonly unreadable: string
  readonly times?: {
    readonly lastChange: number
    readonly verified: number
    readonly transactions: number
    readonly foreignChanges: number
    /** since when frontends are kept; absent: none are */
    readonly kept?: number
  }
  readonly counters?: CountersReport
}

export interface MissingFrontend {
  /** `base`: what no frontend owns */
  readonly frontend: string
  readonly state: 'missing' | 'pending' | 'failing'
  readonly reason: string
  readonly attempts: number
}

export interface CountersReport {
  readonly backends: readonly BackendCounter[]
  readonly fallbacks: number
  readonly missed: number
}

/** What the reconciler believes, corrected by what a reading of the kernel found. */
export const planeReport = (status: PlaneStatus, verification: Verification | null): PlaneReport => {
  const lagging = status.lagging.map(({ frontend, state, reason, attempts }) => ({
    frontend: frontend || 'base',
    state,
    reason,
    attempts,
  }))
  const known = new Set(lagging.map(({ frontend }) => frontend))
  const found = (verification?.differing ?? [])
    .map((frontend) => frontend || 'base')
    .filter((frontend) => !known.has(frontend))
    .map((frontend) => ({
      frontend,
      state: 'missing' as const,
      reason: 'was not in the kernel as planned; put back',
      attempts: 0,
    }))
  const missing = [...lagging, ...found].sort((a, b) => (a.frontend < b.frontend ? -1 : 1))
  return {
    plane: status.plane,
    frontends: status.frontends,
    inSync: status.inSync - found.filter(({ frontend }) => frontend !== 'base').length,
    missing,
    extra: status.extra + Math.max(status.strays, verification?.strays ?? 0),
    ...(status.kept > 0 ? { kept: status.kept } : {}),
    refused: status.refused,
    unreadable: status.unreadable,
    times: {
      lastChange: status.lastChange,
      verified: verification?.at ?? 0,
      transactions: status.transactions,
      foreignChanges: status.foreignChanges,
      ...(status.kept > 0 ? { kept: status.keptSince } : {}),
    },
  }
}

export const isInSync = ({ frontends, inSync, missing, extra, unreadable }: PlaneReport): boolean =>
  inSync === frontends && missing.length === 0 && extra === 0 && unreadable === ''
