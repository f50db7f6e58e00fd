import { serviceKey } from '../../model/objects.ts'
import type { LabPod } from '../cluster.ts'
import type { ClientAnswer } from './lane-clients.ts'
import type { Measurement } from './run.ts'
import type { Lane, Stage } from './side-by-side.ts'

/** What is particular to a scenario's lane. */
export interface LaneResult
  extends Pick<Measurement, 'claimed' | 'quantities' | 'simulated' | 'observation' | 'series' | 'facts' | 'notes'> {
  readonly answers: readonly ClientAnswer[]
  /** `expected` by the odds of the rules; absent where they changed meanwhile */
  readonly backends: readonly {
    readonly pod: LabPod
    readonly connections: number
    readonly requests: number
    readonly expected?: number
  }[]
}

/** A lane's result with what every lane has: its name, its failures and its slowest connection. Pure. */
export const laneMeasurement = (
  { plane, repetition, seed }: Pick<Stage, 'plane' | 'repetition' | 'seed'>,
  { scheduler, variant, service }: Lane,
  { answers, backends, ...result }: LaneResult,
): Measurement => {
  const errors: Record<string, number> = {}
  for (const { error } of answers.flatMap(({ failed }) => failed)) errors[error] = (errors[error] ?? 0) + 1
  const failures = answers.reduce((sum, { failed }) => sum + failed.length, 0)
  const opened = answers.flatMap(({ connections }) => connections.map(({ openMs }) => openMs))
  return {
    ...result,
    trial: { plane, scheduler, repetition, seed: `${seed} ${service.name}` },
    ...(variant.name !== null && { variant: variant.name }),
    service: serviceKey(service),
    connections: backends.reduce((sum, { connections }) => sum + connections, 0),
    failures,
    ...(failures > 0 && { errors }),
    slowestMillis: Math.round(opened.reduce((most, one) => Math.max(most, one), 0)),
    backends: backends.map(({ pod, connections, requests, expected }) => ({
      name: pod.name,
      node: pod.node,
      address: pod.addresses.IPv4,
      connections,
      requests,
      // their process serves all lanes: its CPU time is of no one of them
      cpuMillis: 0,
      expected: expected ?? null,
    })),
  }
}
