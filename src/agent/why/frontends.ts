import type { Lagging } from '../../dataplane/reconciler/status.ts'
import type { Frontend, FrontendKey } from '../../model/frontend.ts'
import type { HeldFrontend } from '../brake/status.ts'
import type { ChangeTimes } from './trail.ts'
import type { FrontendReasons } from './report.ts'

/** What is known of frontends besides the plan. */
export interface FrontendFacts {
  /** who holds the frontend; undefined: nobody */
  readonly holder: (key: FrontendKey) => Frontend | undefined
  readonly lagging: ReadonlyMap<FrontendKey, Lagging>
  readonly held: ReadonlyMap<FrontendKey, HeldFrontend>
  readonly refused: ReadonlyMap<FrontendKey, readonly string[]>
  /** not '': the kernel cannot be read */
  readonly unreadable: string
  /** ms since the epoch: until the sources are complete everything stays as it was found since then; 0: they are */
  readonly keptSince: number
  /** the last change of the frontend, as far as is remembered */
  readonly lastChange: (key: FrontendKey) => ChangeTimes | undefined
}

type Told = Pick<FrontendReasons, 'state' | 'reason' | 'since' | 'attempts'>

export const frontendReasons = (frontend: Frontend, facts: FrontendFacts): FrontendReasons => {
  const { key, kind, routes } = frontend
  const told = contested(frontend, facts) ?? onItsWay(key, facts) ?? inForce(key, facts)
  return { frontend: key, kind, ...told, routes }
}

const contested = ({ key, service }: Frontend, { holder }: FrontendFacts): Told | null => {
  const other = holder(key)
  if (other === undefined || other.service === service) return null
  const reason = `Service ${other.service} has it (${other.kind}): choose another address or port`
  return { state: 'contested', reason, since: 0, attempts: 0 }
}

const onItsWay = (key: FrontendKey, facts: FrontendFacts): Told | null => {
  const held = facts.held.get(key)
  if (held) {
    const reason = 'the brake holds the change that would leave it without endpoints: see `evenkeel status`'
    return { state: 'held', reason, since: held.since, attempts: 0 }
  }
  if (facts.keptSince > 0) {
    const reason = 'the source was not read since the agent started: stays as it was found in the kernel'
    return { state: 'kept', reason, since: facts.keptSince, attempts: 0 }
  }
  const late = facts.lagging.get(key)
  if (late?.state === 'failing')
    return { state: 'failing', reason: late.reason, since: late.since, attempts: late.attempts }
  const base = facts.lagging.get('')
  if (base?.state === 'failing') {
    const reason = `the rules that all frontends need cannot be put in place: ${base.reason}`
    return { state: 'failing', reason, since: base.since, attempts: base.attempts }
  }
  if (facts.unreadable !== '')
    return {
      state: 'pending',
      reason: `the kernel cannot be read: ${facts.unreadable}`,
      since: late?.since ?? 0,
      attempts: 0,
    }
  return late ? { state: 'pending', reason: 'on its way into the kernel', since: late.since, attempts: 0 } : null
}

const inForce = (key: FrontendKey, facts: FrontendFacts): Told => {
  const refused = facts.refused.get(key)
  const since = facts.lastChange(key)?.acknowledged ?? 0
  if (refused) return { state: 'refused', reason: refused.join('; '), since, attempts: 0 }
  return { state: 'in-force', reason: '', since, attempts: 0 }
}
