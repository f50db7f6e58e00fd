import { KernelError } from '../../src/kernel/errors.ts'
import type { Change, Driver, Observed, Plane, PlaneObject, Program } from '../../src/dataplane/plane.ts'
import type { Frontend, FrontendKey } from '../../src/model/frontend.ts'
import { seededRandom } from '../../src/util/random.ts'

/**
 * A plane that is nothing like nftables: a phone book. `switchboard` is the node's own; a number leads to the names of people; people are shared,
 * and a person that numbers lead to cannot be removed.
 */
export interface ToyObject extends PlaneObject {
  readonly kind: 'switchboard' | 'number' | 'person'
  readonly owner: FrontendKey | null
  readonly leadsTo: readonly string[]
}

export const toyPlane: Plane<ToyObject> = {
  name: 'userspace',
  capabilities: {
    schedulers: ['rr'],
    defaultScheduler: 'rr',
    weights: false,
    affinity: false,
    sctp: false,
    beside: false,
    counters: false,
    localhostNodePorts: false,
  },
  base: (node) => ({
    objects: [{ key: 'switchboard', kind: 'switchboard', owner: null, leadsTo: [node.name] }],
    refused: [],
  }),
  compile: (frontend) => compile(frontend),
  trace: () => () => {
    throw new Error('nobody asks')
  },
  shared: ({ kind }) => kind === 'person',
  equal: (a, b) => a.leadsTo.join() === b.leadsTo.join(),
  lingers: ({ kind }) => kind === 'person',
}

const compile = (frontend: Frontend): Program<ToyObject> => {
  if (frontend.service === 'broken/broken') throw new Error('this Service breaks the compiler')
  const people = frontend.sets.cluster?.backends.map(({ address }) => `person ${address}`) ?? []
  return {
    objects: [
      ...people.map((key): ToyObject => ({ key, kind: 'person', owner: null, leadsTo: [] })),
      { key: `number ${frontend.key}`, kind: 'number', owner: frontend.key, leadsTo: people },
    ],
    refused: frontend.affinitySeconds === null ? [] : ['affinity'],
  }
}

/** What the toy's drivers act on; stays when they go. */
export class ToyKernel {
  objects = new Map<string, ToyObject>()
  transactions = 0
  observations = 0
  /** asked before each call; throws what should go wrong */
  fault: (call: 'observe' | 'apply', change?: Change<ToyObject>) => void = () => {}
  /** asked after a transaction came into force; throws what should get lost */
  lost: () => void = () => {}
  readonly #listeners = new Set<(what: string) => void>()

  driver(): Driver<ToyObject> {
    return {
      observe: async () => {
        this.fault('observe')
        this.observations++
        return this.#observed()
      },
      apply: async (change) => {
        // the answer of a real kernel comes later, too
        await Promise.resolve()
        this.fault('apply', change)
        this.objects = applied(this.objects, change)
        this.transactions++
        this.lost()
      },
      counters: async () => ({ backends: [], fallbacks: 0, missed: 0 }),
      owned: async () => [...this.objects.keys()].sort(),
      remove: async () => this.objects.clear(),
      onForeignChange: (listener) => void this.#listeners.add(listener),
      [Symbol.asyncDispose]: async () => {},
    }
  }

  /** Somebody else's hand. */
  interfere(change: (objects: Map<string, ToyObject>) => void): void {
    change(this.objects)
    for (const listener of this.#listeners) listener('a hand')
  }

  dump(): string {
    return [...this.objects.values()]
      .map(({ key, leadsTo }) => `${key} → ${leadsTo.join(', ')}`)
      .sort()
      .join('\n')
  }

  #observed(): Observed<ToyObject> {
    const frontends = new Map<FrontendKey, ToyObject[]>()
    const other: ToyObject[] = []
    for (const object of this.objects.values()) {
      if (object.owner === null) other.push(object)
      else frontends.set(object.owner, [...(frontends.get(object.owner) ?? []), object])
    }
    return { frontends, other }
  }
}

const applied = (before: ReadonlyMap<string, ToyObject>, change: Change<ToyObject>): Map<string, ToyObject> => {
  const objects = new Map(before)
  for (const { key } of change.remove) if (!objects.delete(key)) fail('ENOENT', key)
  for (const object of change.add) {
    if (objects.has(object.key)) fail('EEXIST', object.key)
    objects.set(object.key, object)
  }
  for (const { before, after } of change.replace) {
    if (!objects.has(before.key)) fail('ENOENT', before.key)
    objects.set(after.key, after)
  }
  if (!objects.has('switchboard') && objects.size > 0) fail('ENOENT', 'switchboard')
  const placed = [...change.add, ...change.replace.map(({ after }) => after)]
  for (const { key, leadsTo } of placed.filter(({ kind }) => kind === 'number')) {
    for (const person of leadsTo) if (!objects.has(person)) fail('ENOENT', `${key} → ${person}`)
  }
  const gone = new Set(change.remove.map(({ key }) => key))
  for (const { key, leadsTo } of objects.values()) if (leadsTo.some((person) => gone.has(person))) fail('EBUSY', key)
  return objects
}

const fail = (errno: string, object: string): never => {
  throw new KernelError({ operation: 'toy', errno, object })
}

/** Everything the toy's kernel should hold for this plan. */
export const toyPlan = (frontends: Iterable<Frontend>, nodeName: string): string => {
  const kernel = new ToyKernel()
  const objects = new Map([
    ['switchboard', { key: 'switchboard', kind: 'switchboard', owner: null, leadsTo: [nodeName] } as ToyObject],
  ])
  for (const frontend of frontends) for (const object of compile(frontend).objects) objects.set(object.key, object)
  kernel.objects = objects
  return kernel.dump()
}

/** One call in n fails at random; half of the failures do not even name an errno. */
export const randomFaults = (kernel: ToyKernel, seed: string, oneIn: number): void => {
  const random = seededRandom(seed)
  kernel.fault = (call) => {
    if (random() % oneIn === 0) throw new KernelError({ operation: call, errno: random() % 2 ? 'EAGAIN' : 'ENOMEM' })
  }
  kernel.lost = () => {
    if (random() % (oneIn * 2) === 0)
      throw new KernelError({ operation: 'apply', errno: '', detail: 'the answer was lost' })
  }
}
