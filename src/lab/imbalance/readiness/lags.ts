import { type LagEvidence, lagOfComing, lagOfGoing, type NodeLags, picksByChance, type Witness } from '../lag.ts'
import type { ClientAnswer } from '../lane-clients.ts'
import type { Stage } from '../side-by-side.ts'
import type { Happened } from './events.ts'
import { controlSeconds, type Phase, watched } from './timeline.ts'

/** How long after a change was written each node had it in its rules. Of a pod that fails nobody tells: it is as when one came, or went. */
export type PhaseLags = { readonly [phase in Phase]: NodeLags }

/**
 * Connections tell of two changes: a pod without a probe is met from when it came into the rules, and without preStop it refuses until it has left
 * them. The pods with both need no more: what they lose depends on their probes.
 */
export const phaseLags = (
  stage: Pick<Stage, 'lab' | 'lanes'>,
  answers: readonly (readonly ClientAnswer[])[],
  happened: Happened,
): PhaseLags => {
  const coming = ofBare(stage, answers, (own) => lagOfStart(own, happened))
  const going = ofBare(stage, answers, (own) => lagOfEnd(own, happened))
  const both = coming.map((own, node) => [...own, ...(going[node] ?? [])])
  return { starting: coming, failing: both, terminating: going }
}

/** of the pods without probe and preStop */
const bare = 'bare'

/** What one node's clients met of them; `missed` as in LagEvidence. */
interface Seen {
  readonly answers: readonly ClientAnswer[]
  readonly missed: number
}

const ofBare = (
  { lab, lanes }: Pick<Stage, 'lab' | 'lanes'>,
  answers: readonly (readonly ClientAnswer[])[],
  lagOf: (seen: Seen) => LagEvidence | null,
): NodeLags => {
  const own = lanes.flatMap((lane, i) => (lane.variant.name === bare ? [{ lane, answers: answers[i] ?? [] }] : []))
  const pods = lab.cluster.pods.filter(({ labels: { app } }) => app === bare).length
  const telling = own.filter(({ lane }) => picksByChance(lane.scheduler))
  return lab.cluster.nodes.map(({ name }) => {
    const here = telling.flatMap((one) => one.answers.filter(({ source }) => source.node === name))
    const evidence = lagOf({ answers: here, missed: 1 - 1 / pods })
    return evidence === null ? [] : [evidence]
  })
}

const witnessesOf = ({ answers }: Seen, pod: string | undefined): readonly Witness[] =>
  answers.flatMap(({ connections, failed }) => [
    ...connections.map((one) => ({ at: one.openedAt, met: one.pod === pod })),
    ...failed.map(({ at, error }) => ({ at, met: error === 'ECONNREFUSED' })),
  ])

const lagOfStart = (seen: Seen, { began, pods }: Happened): LagEvidence | null =>
  lagOfComing(
    witnessesOf(seen, pods.get(bare)?.starting.name).filter(({ at }) => at < began.failing),
    { changedAt: began.starting + controlSeconds, missed: seen.missed },
  )

const lagOfEnd = (seen: Seen, { began, pods }: Happened): LagEvidence | null =>
  lagOfGoing(witnessesOf(seen, pods.get(bare)?.terminating.name), {
    changedAt: began.terminating + controlSeconds,
    missed: seen.missed,
    until: began.terminating + watched.terminating,
  })
