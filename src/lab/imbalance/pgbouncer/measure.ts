import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../../lab.ts'
import { type Load, startBench } from './bench.ts'
import { millicores, type Reading, readBouncer } from './meter.ts'
import type { PostgresPrograms } from './programs.ts'
import type { Running } from './servers.ts'

/** The lab's PgBouncers, and what they are driven with. */
export interface Bench {
  readonly lab: Lab
  readonly programs: PostgresPrograms
  readonly bouncers: readonly Running[]
  readonly signal: AbortSignal
}

/** What one PgBouncer did meanwhile. */
export interface BouncerUse {
  readonly bouncer: Running
  /** open, at the end */
  readonly connections: number
  readonly queries: number
  readonly cpuMs: number
  readonly millicores: number
  readonly clients: Reading['clients']
}

/** from the last connection on, until it is measured */
const settleMs = 700

/**
 * Opens the loads, waits until all connections are there, and reads the meters before and after `seconds`. Throws what pgbench says when it ends,
 * or that connections are missing.
 */
export const measureLoads = async (
  { lab, programs, bouncers, signal }: Bench,
  loads: readonly Load[],
  seconds: number,
): Promise<readonly BouncerUse[]> => {
  await using running = new AsyncDisposableStack()
  const benches = loads.map((load) => running.use(startBench(lab, programs, load)))
  const check = (): void => {
    signal.throwIfAborted()
    for (const bench of benches) bench.check()
    for (const { daemon } of bouncers) daemon.check()
  }
  const wanted = loads.reduce((sum, { connections }) => sum + connections, 0)
  await untilOpen(bouncers, wanted, check)
  await sleep(settleMs, undefined, { signal })
  const before = await Promise.all(bouncers.map(readBouncer))
  await sleep(seconds * 1000, undefined, { signal })
  const after = await Promise.all(bouncers.map(readBouncer))
  check()
  return bouncers.map((bouncer, i) => useOf(bouncer, before[i] as Reading, after[i] as Reading))
}

const useOf = (bouncer: Running, before: Reading, after: Reading): BouncerUse => ({
  bouncer,
  connections: after.clients.length,
  queries: after.queries - before.queries,
  cpuMs: after.cpuMs - before.cpuMs,
  millicores: millicores(before, after),
  clients: after.clients,
})

const longestOpeningMs = 20_000

const untilOpen = async (bouncers: readonly Running[], wanted: number, check: () => void): Promise<void> => {
  const deadline = performance.now() + longestOpeningMs
  for (;;) {
    check()
    const readings = await Promise.all(bouncers.map(readBouncer))
    const open = readings.reduce((sum, { clients }) => sum + clients.length, 0)
    if (open === wanted) return
    if (performance.now() > deadline) throw new Error(`${open} of ${wanted} connections to PgBouncer are open`)
    await sleep(100)
  }
}
