import type { LoadUnit, ServiceFacts } from '../../../../src/inspect/skew/observation.ts'
import type { Dice } from '../dice.ts'
import type { World, WorldPod } from '../world.ts'

/** A situation that is being made up: effects change it in turn. */
export interface Draft {
  pods: WorldPod[]
  nodes: number
  clients: number
  connections: number
  scheduler: World['scheduler']
  start: 'same' | 'shuffled'
  affinity: boolean
  unit: LoadUnit
  counted: 'opened' | 'open'
  /** seconds; Infinity: for ever */
  meanLife: number
  life: ((random: () => number, index: number) => number) | null
  /** what a node makes of a backend's odds; 1 says nothing */
  rules: ((node: number, pod: number, at: number) => number)[]
  activity: (client: number) => number
  load: ((random: () => number, client: number) => number) | null
  direct: ((random: () => number, client: number) => readonly number[] | null) | null
  zones: number
  shared: number
  http2: boolean
  facts: ServiceFacts
}

/** How much a cause does: hardly to be seen, plain, glaring. */
export type Strength = 0 | 1 | 2

export const strengths: readonly [Strength, ...Strength[]] = [0, 1, 2]

/** Sizes that people have, with nothing wrong. */
export const draftOf = (dice: Dice): Draft => {
  const k = dice.oneOf([2, 3, 4, 5, 6, 8, 10, 14, 20])
  const nodes = dice.oneOf([1, 2, 3, 5, 8, 16])
  const zones = dice.oneOf([1, 2, 3])
  return {
    pods: Array.from({ length: k }, (_, i) => ({ node: i % nodes, zone: (i % nodes) % zones })),
    nodes,
    clients: nodes * dice.oneOf([15, 30, 60]),
    connections: k * dice.oneOf([40, 100, 250]),
    scheduler: 'random',
    start: 'shuffled',
    affinity: false,
    unit: 'connections',
    counted: dice.oneOf(['opened', 'open']),
    meanLife: dice.oneOf([Infinity, 2000, 500]),
    life: null,
    rules: [],
    activity: () => 1,
    load: null,
    direct: null,
    zones,
    shared: 0,
    http2: false,
    facts: {},
  }
}
