import type { DifferenceKind } from '../../inspect/compare.ts'
import type { FrontendKey } from '../../model/frontend.ts'
import type { ServiceKey } from '../../model/objects.ts'
import type { Packet } from '../../model/packet.ts'

/** What `run --shadow` has found. Times are ms since the epoch, 0 never. */
export interface ShadowStatus {
  /** planned, and of them those that were compared with the rules as they are now, or as they were at the last pass */
  readonly frontends: number
  readonly compared: number
  /** what has stayed for `settle`, sorted by frontend */
  readonly differences: readonly ShadowDifference[]
  /** differences that have not stayed so long yet: another proxy needs a moment for each change */
  readonly settling: number
  /** frontends of which the rules cannot be said, for they hold something that is not understood; sorted */
  readonly unsure: readonly { readonly frontend: FrontendKey; readonly packet: Packet; readonly why: string }[]
  readonly rules: RulesStatus
  /** ms that a difference must stay */
  readonly settle: number
}

export interface ShadowDifference {
  readonly frontend: FrontendKey
  /** '' the plan has no such frontend any more */
  readonly service: ServiceKey
  readonly kind: DifferenceKind
  /** one that shows it; `packets` is how many of those tried do */
  readonly packet: Packet
  readonly packets: number
  readonly planned: string
  readonly found: string
  readonly since: number
}

export interface RulesStatus {
  /** when the rules were read that answers rest on */
  readonly read: number
  /** how often they had changed when they were read */
  readonly readings: number
  /** when all frontends were last compared with them */
  readonly passed: number
  /** '' or why they cannot be read now */
  readonly unreadable: string
  /** what of them could not be taken as it stands, a line each */
  readonly problems: readonly string[]
}

/** Nothing is known to differ, and all was looked at. */
export const agrees = ({ frontends, compared, differences, unsure, rules }: ShadowStatus): boolean =>
  rules.read > 0 && rules.unreadable === '' && compared === frontends && differences.length === 0 && unsure.length === 0
