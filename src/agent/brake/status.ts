import type { FrontendKey } from '../../model/frontend.ts'
import type { ServiceKey } from '../../model/objects.ts'

/** A frontend that keeps the backends it had, though the plan has none for it. */
export interface HeldFrontend {
  readonly frontend: FrontendKey
  /** '' found in the kernel at the start and no longer planned */
  readonly service: ServiceKey
  /** what the plan wants: the frontend stays and refuses, or goes */
  readonly planned: 'empty' | 'gone'
  /** ms since the epoch */
  readonly since: number
}

/** What the brake does now. Times are ms since the epoch, 0 never. */
export interface BrakeStatus {
  readonly engaged: boolean
  /** since when it is engaged */
  readonly since: number
  /** a release asked for is good until then: nothing is held before */
  readonly suspendedUntil: number
  /** sorted by frontend */
  readonly held: readonly HeldFrontend[]
  /** frontends with backends in force, the held ones among them */
  readonly serving: number
  /** emptied within the window and let through */
  readonly emptied: number
  readonly maxEmptiedPercent: number
  readonly minFrontends: number
  readonly window: number
  /** how often it engaged since the agent started */
  readonly engagedTotal: number
}
