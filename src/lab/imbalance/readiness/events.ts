import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../../util/random.ts'
import type { LabPod, PodSpec } from '../../cluster.ts'
import type { PodBehaviour } from '../../pod-protocol.ts'
import { type Lane, podOfLanes, type Stage } from '../side-by-side.ts'
import { probe } from './kubelet.ts'
import {
  controlSeconds,
  failing,
  healthPort,
  type Phase,
  phases,
  settings,
  starting,
  terminating,
  watched,
} from './timeline.ts'

/** The pods of one variant. */
export interface Fleet {
  /** of its pods' label `app`, and their names begin with it */
  readonly name: string
  /** probes, and a preStop hook that lets a terminating pod serve on */
  readonly cared: boolean
}

export const labelsOf = ({ name }: Fleet): Readonly<Record<string, string>> => ({ app: name })

const isOf = ({ labels }: Pick<LabPod, 'labels'>, { name }: Fleet): boolean => labels['app'] === name

export const fleetPod = (fleet: Fleet, index: number, lanes: readonly Lane[] = []): PodSpec => {
  const own = lanes.filter(({ variant }) => variant.name === fleet.name)
  const pod = podOfLanes(`${fleet.name}-${index}`, labelsOf(fleet), own)
  return { ...pod, ports: [...pod.ports, { name: '', protocol: 'TCP', port: healthPort }] }
}

/** Times are seconds since the epoch. */
export interface Happened {
  readonly began: { readonly [phase in Phase]: number }
  /** of each fleet: the pod that each phase is about */
  readonly pods: ReadonlyMap<string, { readonly [phase in Phase]: LabPod }>
  /** as it went: from its start until the pod answered as quickly as others */
  readonly startedWithin: Between
  /** as it went: from its failure until it answered again */
  readonly failedFor: Between
}

/** Seconds, known no better than that: a pod that is told to behave does so at some moment before it says so. */
export interface Between {
  readonly low: number
  readonly high: number
}

const now = (): number => Date.now() / 1000

const betweenBoth = (from: Between, to: Between): Between => ({ low: to.low - from.high, high: to.high - from.low })

/** Starting, failing and terminating pods, one after another, in all fleets at once. */
export const letHappen = async (stage: Stage, fleets: readonly Fleet[]): Promise<Happened> => {
  const over = new AbortController()
  const control = new Control(stage, over.signal)
  const stop = (): void => over.abort()
  stage.signal.addEventListener('abort', stop)
  try {
    control.watch(fleets)
    const fresh = await startingPods(stage, fleets)
    const began: Record<Phase, number> = { starting: now(), failing: 0, terminating: 0 }
    for (const phase of phases) {
      began[phase] = now()
      stage.progress(`${phase} pods`)
      for (const fleet of fleets) control.begin(phase, fleet, podOf(stage, fleet, phase, fresh))
      await sleep(watched[phase] * 1000, undefined, { signal: stage.signal })
      control.check()
    }
    const pods = new Map(
      fleets.map((fleet) => {
        const of = (phase: Phase): LabPod => podOf(stage, fleet, phase, fresh)
        return [fleet.name, { starting: of('starting'), failing: of('failing'), terminating: of('terminating') }]
      }),
    )
    return { began, pods, ...control.took }
  } finally {
    stage.signal.removeEventListener('abort', stop)
    over.abort()
  }
}

/** They run, are not in anybody's rules, and listen nowhere. */
const startingPods = ({ lab, lanes }: Stage, fleets: readonly Fleet[]): Promise<readonly LabPod[]> =>
  lab.addPods(
    fleets.map((fleet) => fleetPod(fleet, lab.cluster.pods.filter((pod) => isOf(pod, fleet)).length, lanes)),
    { ready: false, behaviour: { listening: false } },
  )

/** The newest starts and is the first to go; the second of the old ones fails. */
const podOf = ({ lab }: Stage, fleet: Fleet, phase: Phase, fresh: readonly LabPod[]): LabPod => {
  const pod =
    phase === 'failing'
      ? lab.cluster.pods.find(({ name }) => name === `${fleet.name}-1`)
      : fresh.find((one) => isOf(one, fleet))
  if (pod === undefined) throw new Error(`no pod of ${fleet.name} is there to be ${phase}`)
  return pod
}

const never: Between = { low: 0, high: 0 }

/** Kubelets and control plane: what they see is written `controlSeconds` later. */
class Control {
  readonly #stage: Stage
  readonly #over: AbortSignal
  readonly #random: () => number
  #failure: unknown
  #writes: Promise<unknown> = Promise.resolve()
  #started: Between = never
  #fast: Between = never
  #failed: Between = never
  #healed: Between = never

  constructor(stage: Stage, over: AbortSignal) {
    this.#stage = stage
    this.#over = over
    this.#random = seededRandom(`${stage.seed} probes`)
  }

  get took(): Pick<Happened, 'startedWithin' | 'failedFor'> {
    return {
      startedWithin: betweenBoth(this.#started, this.#fast),
      failedFor: betweenBoth(this.#failed, this.#healed),
    }
  }

  /** Throws what went wrong in the background. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  watch(fleets: readonly Fleet[]): void {
    for (const fleet of fleets.filter(({ cared }) => cared))
      for (const { pod } of this.#stage.lab.control.pods) if (isOf(pod, fleet)) this.#probe(pod, true)
  }

  begin(phase: Phase, { cared }: Fleet, pod: LabPod): void {
    if (phase === 'starting') this.#start(pod, cared)
    else if (phase === 'failing') this.#fail(pod)
    else this.#terminate(pod, cared)
  }

  #start(pod: LabPod, cared: boolean): void {
    const { deafSeconds, slowSeconds, slowAnswerMs } = starting
    this.#started = { low: now(), high: now() }
    // without a probe a pod is ready as soon as its container runs
    if (cared) this.#probe(pod, false)
    else this.#after(controlSeconds, () => this.#write(pod, { ready: true }))
    this.#after(deafSeconds, () => this.#behave(pod, { listening: true, answerAfterMs: slowAnswerMs }))
    this.#after(deafSeconds + slowSeconds, async () => {
      this.#fast = await this.#behave(pod, { answerAfterMs: 0 })
    })
  }

  #fail(pod: LabPod): void {
    this.#after(0, async () => {
      this.#failed = await this.#behave(pod, { answerAfterMs: null })
    })
    this.#after(failing.seconds, async () => {
      this.#healed = await this.#behave(pod, { answerAfterMs: 0 })
    })
  }

  #terminate(pod: LabPod, cared: boolean): void {
    this.#after(cared ? terminating.preStopSeconds : 0, () => this.#behave(pod, { listening: false }))
    this.#after(controlSeconds, () => this.#write(pod, { terminating: true, ready: cared }))
  }

  #probe(pod: LabPod, ready: boolean): void {
    this.#watched(
      probe(this.#stage.lab, { pod, ready, phase: this.#random() / 2 ** 32 }, settings, {
        signal: this.#over,
        changed: (ready) => this.#after(controlSeconds, () => this.#write(pod, { ready })),
      }),
    )
  }

  async #write(pod: LabPod, change: { readonly ready?: boolean; readonly terminating?: boolean }): Promise<void> {
    const { lab } = this.#stage
    // one after another: each writes the files anew
    const write = this.#writes.then(() => lab.setPod(pod, change))
    this.#writes = write.catch(() => {})
    await write
  }

  /** Answers when it was. */
  async #behave(pod: LabPod, behaviour: PodBehaviour): Promise<Between> {
    const low = now()
    await this.#stage.lab.pods.find((running) => running.pod.name === pod.name)?.remote.request('behave', behaviour)
    return { low, high: now() }
  }

  #after(seconds: number, work: () => Promise<unknown>): void {
    const later = async (): Promise<void> => {
      if (seconds > 0) await sleep(seconds * 1000, undefined, { signal: this.#over })
      await work()
    }
    this.#watched(later())
  }

  #watched(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#over.aborted) this.#failure ??= error
    })
  }
}
