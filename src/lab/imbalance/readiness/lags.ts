import { evidenceOf, type LagEvidence, lagOfComing, lagOfGoing, type NodeLags, type Witness } from '../lag.ts'
import type { ClientAnswer } from '../lane-clients.ts'
import type { Lane, Stage } from '../side-by-side.ts'
import type { Happened } from './events.ts'
import { controlSeconds, type Phase, watched } from './timeline.ts'

/** How long after a change was written each node had it in its rules. Of a pod that fails nobody tells: it is as when one came, or went. */
export type PhaseLags = { readonly [phase in Phase]: NodeLags }

/**
 * Of each lane. Connections tell of two changes: a pod without a probe is met from when it came into the rules, and without preStop it refuses until
 * it has left them. The pods with both need no more, for what they lose depends on their probes: it is as with the others.
 */
export const phaseLags = (
  stage: Pick<Stage, 'lab' | 'lanes'>,
  answers: readonly (readonly ClientAnswer[])[],
  happened: Happened,
): readonly PhaseLags[] => {
  const tell = (lagOf: (seen: Seen, happened: Happened) => LagEvidence | null) =>
    stage.lanes.map((lane, i) => ofLane(stage, lane, answers[i] ?? [], (seen) => lagOf(seen, happened)))
  const coming = tell(lagOfStart)
  const going = tell(lagOfEnd)
  return stage.lanes.map((_, i) => {
    const [starting, terminating] = [evidenceOf(coming, i), evidenceOf(going, i)]
    return { starting, terminating, failing: starting.map((own, node) => [...own, ...(terminating[node] ?? [])]) }
  })
}

/** of the pods without probe and preStop */
const bare = 'bare'

/** What one node's client met. */
interface Seen extends Pick<Lane, 'scheduler'> {
  readonly answers: readonly ClientAnswer[]
  /** besides the one that comes and goes */
  readonly others: number
}

/** By node; null: its connections do not tell. */
const ofLane = (
  { lab }: Pick<Stage, 'lab'>,
  { scheduler, variant }: Lane,
  answers: readonly ClientAnswer[],
  lagOf: (seen: Seen) => LagEvidence | null,
): readonly (LagEvidence | null)[] => {
  const others = lab.cluster.pods.filter(({ labels: { app } }) => app === bare).length - 1
  return lab.cluster.nodes.map(({ name }) => {
    const here = answers.filter(({ source }) => source.node === name)
    return variant.name === bare ? lagOf({ scheduler, others, answers: here }) : null
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
    { ...seen, changedAt: began.starting + controlSeconds, pods: 1 },
  )

/** A client that is hashed and never met the pod does not tell. */
const lagOfEnd = (seen: Seen, { began, pods }: Happened): LagEvidence | null => {
  const witnesses = witnessesOf(seen, pods.get(bare)?.terminating.name).filter(({ at }) => at >= began.terminating)
  if (!witnesses.some(({ met }) => met)) return null
  return lagOfGoing(witnesses, {
    ...seen,
    changedAt: began.terminating + controlSeconds,
    pods: 1,
    until: began.terminating + watched.terminating,
  })
}
