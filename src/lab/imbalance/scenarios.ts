import type { RunImbalance } from './scenario.ts'

/** A reported imbalance that the lab replays. */
interface ScenarioEntry {
  /** one line, for help and reports */
  readonly summary: string
  /** loaded when it is run */
  readonly load: () => Promise<RunImbalance>
}

const entries = {
  pgbouncer: {
    summary: 'four PgBouncer pods behind one Service, few long-lived connections: CPU of each',
    load: async () => (await import('./pgbouncer/pgbouncer.ts')).runPgbouncer,
  },
  'long-lived-rr': {
    summary: 'connections of different lifetimes: who holds those that stay, by rr, random and sh',
    load: async () => (await import('./long-lived/long-lived.ts')).runLongLived,
  },
  affinity: {
    summary: 'session affinity and sh with many clients, few clients, and clients behind one address',
    load: async () => (await import('./affinity/affinity.ts')).runAffinity,
  },
  'rolling-update': {
    summary: 'connections that stay, pods replaced one by one: who holds them afterwards',
    load: async () => (await import('./rolling-update/rolling-update.ts')).runRollingUpdate,
  },
  'scale-up': {
    summary:
      '5 pods become 10: who reaches the new ones, without reconnects, after T, after N requests, at a maximum age',
    load: async () => (await import('./scale-up/scale-up.ts')).runScaleUp,
  },
  'node-port': {
    summary: 'HAProxy before nodes with unequal pods: by NodePort (policy Cluster, Local) and straight to pods',
    load: async () => (await import('./node-port/node-port.ts')).runNodePort,
  },
  readiness: {
    summary: 'a pod starts, one fails, one terminates, with and without probes: which connections fail or are slow',
    load: async () => (await import('./readiness/readiness.ts')).runReadiness,
  },
} as const satisfies { readonly [name: string]: ScenarioEntry }

export type ImbalanceName = keyof typeof entries

/** In the order in which `lab run all` runs them. */
export const imbalanceNames = Object.keys(entries) as readonly ImbalanceName[]

export const isImbalance = (name: string): name is ImbalanceName => Object.hasOwn(entries, name)

/** Every reported imbalance that the lab replays; a new one is a row. */
export const imbalances: { readonly [name in ImbalanceName]: ScenarioEntry } = entries
