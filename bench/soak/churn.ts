import type { RawObject } from '../../src/dataplane/conformance/case.ts'
import { randomBelow, seededRandom } from '../../src/util/random.ts'
import {
  kindOf,
  nodeObject,
  POD_PLACES,
  serviceCIDRObject,
  serviceObject,
  sliceObjects,
  type SoakPod,
  type SoakService,
} from './cluster.ts'

export interface ChurnShape {
  readonly services: number
  readonly endpoints: number
  readonly seed: string
}

/** How much of each happens in an hour of a cluster with `services` Services. */
export interface ChurnRates {
  /** Deployments rolled out: every pod replaced, four changes of the slice each */
  readonly rollouts: number
  /** a pod turns unready and ready again */
  readonly flaps: number
  /** three pods more, later three fewer */
  readonly scalings: number
  /** a Service goes and another, with another name, comes in its place */
  readonly replacements: number
  /** changes of the own Node's labels */
  readonly nodeChanges: number
  /** a second ServiceCIDR comes and goes */
  readonly serviceCIDRs: number
  /** one endpoint replaced in a tenth of all Services at once */
  readonly storms: number
}

/** Of a busy cluster: with 1,000 Services of 10 about 5,000 changes of slices an hour. */
const busyRates = (services: number): ChurnRates => ({
  rollouts: Math.ceil(services * 0.06),
  flaps: services,
  scalings: Math.ceil(services * 0.05),
  replacements: Math.ceil(services * 0.04),
  nodeChanges: 8,
  serviceCIDRs: 4,
  storms: 4,
})

export type ChurnEvent = { readonly type: 'put' | 'remove'; readonly object: RawObject }

type Activity = Generator<readonly ChurnEvent[]>

/**
 * A cluster that never rests and never grows: a round ends with as many Services and endpoints as it began with, so that what
 * memory differs between rounds is what somebody forgot to let go.
 */
export class Churn {
  readonly #shape: ChurnShape
  readonly #random: () => number
  readonly #services: SoakService[]
  readonly #busy = new Set<number>()
  readonly #freePlaces: number[]
  #serial = 1
  #nodeVersion = 0

  constructor(shape: ChurnShape) {
    this.#shape = shape
    this.#random = seededRandom(`churn ${shape.seed}`)
    this.#freePlaces = Array.from({ length: POD_PLACES }, (_, place) => place)
    this.#services = Array.from({ length: shape.services }, (_, index) => this.#newService(index))
  }

  /** Everything that there is now. */
  *objects(): Generator<RawObject> {
    yield nodeObject(this.#nodeVersion)
    yield serviceCIDRObject('kubernetes', '10.96.0.0/12')
    for (const service of this.#services) {
      yield serviceObject(service)
      yield* sliceObjects(service)
    }
  }

  /** One round of `ticks` moments; what happens at each. `hours`: how long the round is. */
  *round(ticks: number, hours: number): Generator<readonly ChurnEvent[]> {
    const starts = this.#starts(ticks, hours)
    const running = new Set<Activity>()
    for (let tick = 0; tick < ticks || running.size > 0; tick++) {
      for (const start of starts[tick] ?? []) running.add(start())
      const events: ChurnEvent[] = []
      for (const activity of running) {
        // those that go on do so at their own pace
        if (this.#below(3) === 0 && tick < ticks) continue
        const { done, value } = activity.next()
        if (done) running.delete(activity)
        else events.push(...value)
      }
      yield events
    }
  }

  /** What begins at each tick: nothing in the last sixth, so that all ends in time. */
  #starts(ticks: number, hours: number): readonly (readonly (() => Activity)[])[] {
    const rates = busyRates(this.#shape.services)
    const starts = Array.from({ length: ticks }, (): (() => Activity)[] => [])
    const plan = (perHour: number, activity: () => Activity): void => {
      const exact = perHour * hours
      const count = Math.floor(exact) + (this.#below(1_000) < (exact % 1) * 1_000 ? 1 : 0)
      for (let i = 0; i < count; i++) starts[this.#below(Math.max(1, Math.floor((ticks * 5) / 6)))]?.push(activity)
    }
    plan(rates.rollouts, () => this.#withService((service) => this.#rollOut(service)))
    plan(rates.flaps, () => this.#withService((service) => this.#flap(service)))
    plan(rates.scalings, () => this.#withService((service) => this.#scale(service)))
    plan(rates.replacements, () => this.#withService((service) => this.#replace(service)))
    plan(rates.nodeChanges, () => this.#changeNode())
    plan(rates.serviceCIDRs, () => this.#addServiceCIDR())
    plan(rates.storms, () => this.#storm())
    return starts
  }

  /** A Service to which nothing else happens meanwhile. */
  *#withService(run: (service: SoakService) => Activity): Activity {
    const index = this.#below(this.#services.length)
    const service = this.#services[index]
    if (!service || this.#busy.has(index)) return
    this.#busy.add(index)
    yield* run(service)
    this.#busy.delete(index)
  }

  *#rollOut(service: SoakService): Activity {
    for (const old of service.pods) {
      const fresh = this.#newPod(false)
      yield this.#setPods(service.index, (pods) => [...pods, fresh])
      fresh.ready = true
      old.terminating = true
      yield this.#setPods(service.index, (pods) => pods)
      old.ready = false
      yield this.#setPods(service.index, (pods) => pods)
      yield this.#setPods(service.index, (pods) => pods.filter((pod) => pod !== old))
      this.#freePlaces.push(old.place)
    }
  }

  *#flap({ index, pods }: SoakService): Activity {
    const pod = pods[this.#below(Math.max(1, pods.length))]
    if (!pod) return
    pod.ready = false
    yield this.#setPods(index, (all) => all)
    pod.ready = true
    yield this.#setPods(index, (all) => all)
  }

  *#scale({ index }: SoakService): Activity {
    const more = Array.from({ length: 3 }, () => this.#newPod(true))
    for (const pod of more) yield this.#setPods(index, (pods) => [...pods, pod])
    for (const pod of more) {
      yield this.#setPods(index, (pods) => pods.filter((one) => one !== pod))
      this.#freePlaces.push(pod.place)
    }
  }

  *#replace(service: SoakService): Activity {
    const slices = sliceObjects(service)
    yield [{ type: 'remove', object: serviceObject(service) }]
    yield slices.map((object) => ({ type: 'remove' as const, object }))
    for (const { place } of service.pods) this.#freePlaces.push(place)
    const fresh = this.#newService(service.index)
    this.#services[service.index] = fresh
    yield [{ type: 'put', object: serviceObject(fresh) }]
    yield this.#setPods(service.index, (pods) => pods)
  }

  *#changeNode(): Activity {
    yield [{ type: 'put', object: nodeObject(++this.#nodeVersion) }]
  }

  *#addServiceCIDR(): Activity {
    const object = serviceCIDRObject(`extra-${this.#serial++}`, '10.112.0.0/16')
    yield [{ type: 'put', object }]
    yield []
    yield [{ type: 'remove', object }]
  }

  *#storm(): Activity {
    const events: ChurnEvent[] = []
    for (const { index, pods } of this.#services) {
      const old = pods[0]
      if (index % 10 !== 0 || this.#busy.has(index) || !old) continue
      const fresh = this.#newPod(true)
      events.push(...this.#setPods(index, (all) => [...all.filter((pod) => pod !== old), fresh]))
      this.#freePlaces.push(old.place)
    }
    yield events
  }

  #setPods(index: number, change: (pods: readonly SoakPod[]) => readonly SoakPod[]): readonly ChurnEvent[] {
    const before = this.#services[index]
    if (!before) return []
    const after = { ...before, pods: change(before.pods) }
    this.#services[index] = after
    return sliceObjects(after).map((object) => ({ type: 'put', object }))
  }

  #newService(index: number): SoakService {
    const serial = this.#serial++
    const count = kindOf(index) === 'headless' ? 1 : this.#shape.endpoints
    return { index, serial, pods: Array.from({ length: count }, () => this.#newPod(true)) }
  }

  #newPod(ready: boolean): SoakPod {
    const place = this.#freePlaces.shift()
    if (place === undefined) throw new Error(`more than ${POD_PLACES} pods`)
    return { serial: this.#serial++, place, ready, terminating: false }
  }

  #below(limit: number): number {
    return randomBelow(this.#random, limit)
  }
}
