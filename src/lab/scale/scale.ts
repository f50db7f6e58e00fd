import { release } from 'node:os'
import type { PlaneName } from '../../dataplane/plane.ts'
import { checkLabId, makeCluster } from '../cluster.ts'
import { checkRequirements } from '../requirements.ts'
import { claimLab, directoryOf, removeAbandoned, removeLab, thisProcess } from '../state.ts'
import { growthOf } from './growth.ts'
import { openPlace, type Place } from './place.ts'
import { nameOf, runnableVariants, type Variant, variantOf } from '../variant.ts'
import type { ScaleReport, ScaleRun, ScaleVerdict } from './report.ts'

export interface ScaleOptions {
  readonly id: string
  readonly planes: readonly PlaneName[]
  /** numbers of Services, growing */
  readonly sizes: readonly number[]
  readonly endpoints: number
  /** ms: no plane and size is begun later */
  readonly budgetMs: number
  /** to each target of each place */
  readonly connections: number
  readonly signal: AbortSignal
  readonly progress: (text: string) => void
  readonly note: (text: string) => void
}

export interface ScaleResult {
  readonly report: ScaleReport
  /** in words; empty when all that was begun could be measured */
  readonly faults: readonly string[]
}

type Skipped = ScaleReport['skipped'][number]

/** Sizes of the table: those up to `services`, and that itself. */
export const sizesUpTo = (services: number): readonly number[] => [
  ...[100, 1_000, 5_000, 10_000].filter((size) => size < services),
  services,
]

/** connections to a target before another place has its turn */
const ROUND = 25

/**
 * The scenario `scale`: every plane with ever more Services, all of them there at once and measured in turn, so that a noisy machine is
 * noisy for all.
 */
export const runScale = async (options: ScaleOptions): Promise<ScaleResult> => {
  const { id, signal, note, progress } = options
  checkLabId(id)
  await checkRequirements()
  for (const abandoned of await removeAbandoned()) note(`removed lab ${abandoned}, which was left behind`)
  const { variants, skipped: without } = await runnableVariants(options.planes)
  const skipped: Skipped[] = [...without]
  const faults: string[] = []
  const cluster = makeCluster(id, 1, [])
  await claimLab({ id, scenario: 'scale', kept: false, owner: thisProcess(), cluster, hints: [] })
  try {
    const places = await openPlaces(variants, cluster.prefix, options, { skipped, faults })
    await connectAll(places, options)
    progress('clearing up')
    return { report: reportOf(places, options.endpoints, skipped), faults }
  } finally {
    // a signal that ends it must not keep it from clearing up
    if (signal.aborted) note('clearing up')
    await removeLab(id)
  }
}

/** Small sizes of all planes first, so that what is cut off are the large ones. */
const openPlaces = async (
  variants: readonly Variant[],
  prefix: string,
  options: ScaleOptions,
  { skipped, faults }: { readonly skipped: Skipped[]; readonly faults: string[] },
): Promise<readonly Place[]> => {
  const { id, endpoints, budgetMs, signal, progress } = options
  const started = performance.now()
  const places: Place[] = []
  const given = new Set<Variant>()
  for (const services of options.sizes)
    for (const variant of variants) {
      signal.throwIfAborted()
      const plane = nameOf(variant)
      if (given.has(variant)) {
        skipped.push({ plane, services, reason: 'a smaller size failed' })
      } else if (performance.now() - started > budgetMs) {
        skipped.push({ plane, services, reason: `the ${budgetMs / 60_000} minutes are over (--minutes)` })
      } else {
        try {
          const shape = { services, endpoints, variant, labId: id, prefix, directory: directoryOf(id) }
          places.push(await openPlace({ ...shape, signal, progress }))
        } catch (error) {
          if (signal.aborted) throw error
          given.add(variant)
          const reason = error instanceof Error ? error.message : String(error)
          skipped.push({ plane, services, reason })
          faults.push(`${plane} with ${services} Services: ${reason}`)
        }
      }
    }
  return places
}

const connectAll = async (
  places: readonly Place[],
  { connections, signal, progress }: Pick<ScaleOptions, 'connections' | 'signal' | 'progress'>,
): Promise<void> => {
  for (let done = 0; done < connections; done += ROUND) {
    progress(`connections ${done}/${connections} through first, middle and last of each`)
    for (const place of places) {
      signal.throwIfAborted()
      await place.connect(Math.min(ROUND, connections - done))
    }
  }
}

const reportOf = (places: readonly Place[], endpoints: number, skipped: readonly Skipped[]): ScaleReport => {
  const runs = places.map(
    ({ variant, services, rules, fullSyncMs, changeMs, micros }): ScaleRun => ({
      ...variant,
      services,
      endpoints,
      rules,
      fullSyncMs,
      changeMs,
      connectMicros: micros(),
    }),
  )
  return { scenario: 'scale', node: { kernel: release() }, runs, verdicts: verdictsOf(runs), skipped }
}

/** By the worst of a plane's frontends: the one whose rule stands last. */
export const verdictsOf = (runs: readonly ScaleRun[]): readonly ScaleVerdict[] =>
  Array.from(Map.groupBy(runs, nameOf).values(), (own): ScaleVerdict => {
    const [first] = own as [ScaleRun]
    const points = own.map(({ services, connectMicros: { last } }) => ({ services, micros: last }))
    return { ...variantOf(first), growth: growthOf(points) }
  })
