import type { Frontend, FrontendKey } from '../model/frontend.ts'
import type { ServiceKey } from '../model/objects.ts'
import type { InputProblem } from '../model/snapshot.ts'

/** When a Service was created, in ms since the epoch; 0 unknown. */
export type CreatedAt = (service: ServiceKey) => number

/**
 * Who holds a frontend that several Services claim. A cluster IP is allocated, so no external IP or balancer address of
 * another Service takes it away; then the older Service wins, then the first by name: the same on every node.
 */
export class Claims {
  readonly #held = new Map<FrontendKey, Frontend>()
  readonly #contested = new Map<FrontendKey, readonly Frontend[]>()
  readonly #createdAt: CreatedAt

  constructor(createdAt: CreatedAt) {
    this.#createdAt = createdAt
  }

  get held(): ReadonlyMap<FrontendKey, Frontend> {
    return this.#held
  }

  /** Replaces what `service` claims at `key`; null: nothing any more. */
  set(key: FrontendKey, service: ServiceKey, frontend: Frontend | null): void {
    const held = this.#held.get(key)
    if (held === undefined && frontend !== null) {
      this.#held.set(key, frontend)
      return
    }
    const before = this.#contested.get(key) ?? (held === undefined ? [] : [held])
    const claims = before.filter((claim) => claim.service !== service)
    if (frontend !== null) claims.push(frontend)
    claims.sort((a, b) => this.#precedence(a, b))
    const [first] = claims
    if (first === undefined) this.#held.delete(key)
    else this.#held.set(key, first)
    if (claims.length > 1) this.#contested.set(key, claims)
    else this.#contested.delete(key)
  }

  /** One for each Service that claims a frontend and does not hold it. */
  problems(): readonly InputProblem[] {
    return [...this.#contested.values()].flatMap(([holder, ...losers]) =>
      holder === undefined ? [] : losers.map((loser) => lost(loser, holder)),
    )
  }

  #precedence(a: Frontend, b: Frontend): number {
    const allocated = Number(b.kind === 'ClusterIP') - Number(a.kind === 'ClusterIP')
    const age = (this.#createdAt(a.service) || Infinity) - (this.#createdAt(b.service) || Infinity)
    return allocated || age || (a.service < b.service ? -1 : 1)
  }
}

const fields = {
  ClusterIP: 'spec.clusterIPs',
  NodePort: 'spec.ports[].nodePort',
  ExternalIP: 'spec.externalIPs',
  LoadBalancer: 'status.loadBalancer.ingress',
} as const

const lost = (loser: Frontend, holder: Frontend): InputProblem => {
  const why = holder.kind === 'ClusterIP' && loser.kind !== 'ClusterIP' ? 'a cluster IP' : 'older, or first by name'
  return {
    where: '',
    object: `Service ${loser.service}`,
    field: fields[loser.kind],
    message: `${loser.key} belongs to Service ${holder.service} (${why}): not served for this one; choose another address or port`,
  }
}
