import { release } from 'node:os'
import type { PlaneName } from '../dataplane/plane.ts'
import type { SchedulerName } from '../model/frontend.ts'
import type { Application } from './controller/application.ts'
import type { LabService } from './controller/service.ts'
import { type ImbalanceName, imbalanceNames } from './imbalance/scenarios.ts'
import type { RunReport, LabReport, Skipped } from './report.ts'

const plainNames = ['even', 'weighted', 'restart', 'walkthrough', 'scale', 'app', 'all'] as const

export type ScenarioName = (typeof plainNames)[number] | ImbalanceName

/** Reported imbalances (imbalance/scenarios.ts) last; `all` is every other but `app` (all/parts.ts). */
export const scenarioNames: readonly ScenarioName[] = [...plainNames, ...imbalanceNames]

/** What every scenario is given. */
export interface ScenarioOptions {
  readonly id: string
  readonly scenario: ScenarioName
  readonly application: Application
  readonly nodes: number
  readonly planes: readonly PlaneName[]
  /** null: each Service's own choice, or the plane's default */
  readonly schedulers: readonly SchedulerName[] | null
  /** for each run */
  readonly connections: number
  readonly seed: number
  readonly level: number
  /** the lab stays when all is done */
  readonly keep: boolean
  readonly signal: AbortSignal
  /** what is being done, for a person who waits */
  readonly progress: (text: string) => void
  /** what a person should know afterwards, too */
  readonly note: (text: string) => void
  /** of agents, in the scenario restart */
  readonly restarts: number
}

export interface ScenarioResult {
  readonly report: LabReport
  /** in words; empty when all is as the scenario expects */
  readonly faults: readonly string[]
}

export const reportOf = (
  { scenario, seed }: Pick<ScenarioOptions, 'scenario' | 'seed'>,
  runs: readonly RunReport[],
  skipped: readonly Skipped[],
): LabReport => ({ scenario, seed, node: { kernel: release() }, runs, skipped })

/** Does each client keep its backend, so that the counts tell of the clients and not of the spread? */
export const isPerClient = (scheduler: string, { spec }: LabService): boolean =>
  scheduler === 'sh' || scheduler === 'dh' || spec['sessionAffinity'] === 'ClientIP'

/** What is wrong with a run. */
export const runFaults = (run: RunReport): readonly string[] => {
  const what = `${run.service} (${run.plane}, ${run.scheduler})`
  const faults: string[] = []
  if (run.failures > 0)
    faults.push(`${what}: ${run.failures} of ${run.connections} connections failed: ${reasons(run)}`)
  if (run.verdict === 'SKEWED' && !run.perClient)
    faults.push(`${what}: SKEWED, luck alone is as uneven once in ${onceIn(run.p)}`)
  if (run.held !== undefined && run.held.cut > 0)
    faults.push(`${what}: ${run.held.cut} of ${run.held.opened} established connections were cut`)
  for (const node of run.outOfSync ?? []) faults.push(`${what}: the kernel of ${node} is not what the plan says`)
  return faults
}

const reasons = (run: RunReport): string =>
  Object.entries(run.errors ?? {})
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([error, count]) => `${count} × ${error}`)
    .join(', ')

const onceIn = (p: number): string => (p === 0 ? 'more than anybody can count' : (1 / p).toPrecision(2))
