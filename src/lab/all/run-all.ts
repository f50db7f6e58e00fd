import type { Part, PartOptions } from './part.ts'
import type { PartOutcome, PartResult } from './report.ts'

export interface RunAllOptions extends PartOptions {
  readonly parts: readonly Part[]
  /** the whole time; what is being run then is ended, and nothing more is begun */
  readonly minutes: number
  /** outcomes of an earlier run that count */
  readonly finished: ReadonlyMap<string, PartOutcome>
  /** told after each scenario, before the next is begun */
  readonly keep: (results: readonly PartResult[]) => Promise<void>
  /** ms, ever growing */
  readonly now: () => number
}

/** One after the other. Never throws for what happens in a scenario, nor when it is interrupted: what is done is in the results. */
export const runAll = async (options: RunAllOptions): Promise<readonly PartResult[]> => {
  const { parts, finished, minutes, keep, now } = options
  const end = now() + minutes * 60_000
  const results: PartResult[] = []
  for (const [index, part] of parts.entries()) {
    const { name, summary } = part
    const before = finished.get(name)
    const outcome = before ?? (await runPart(part, { ...options, index, leftMs: end - now() }))
    results.push({ name, summary, outcome })
    if (before === undefined && outcome.state !== 'left out') await keep([...results, ...later(options, index)])
  }
  return results
}

/** Those that an earlier run has finished and whose turn has not come: they stay with what is kept. */
const later = ({ parts, finished }: RunAllOptions, index: number): readonly PartResult[] =>
  parts.slice(index + 1).flatMap(({ name, summary }) => {
    const outcome = finished.get(name)
    return outcome === undefined ? [] : [{ name, summary, outcome }]
  })

type PartRun = RunAllOptions & { readonly index: number; readonly leftMs: number }

const runPart = async (part: Part, options: PartRun): Promise<PartOutcome> => {
  const { id, planes, seed, level, repeat, signal, parts, index, leftMs, minutes, now } = options
  const noTime: PartOutcome = { state: 'left out', reason: `the ${minutes} minutes are over (--minutes)` }
  if (signal.aborted) return { state: 'left out', reason: whyOf(signal.reason) }
  if (leftMs <= 0) return noTime
  const clock = AbortSignal.timeout(Math.ceil(leftMs))
  const place = `${index + 1}/${parts.length} ${part.name}`
  const started = now()
  const seconds = (): number => Math.round((now() - started) / 100) / 10
  options.progress(place)
  try {
    const { faults, ...report } = await part.run({
      id,
      planes,
      seed,
      level,
      repeat,
      signal: AbortSignal.any([signal, clock]),
      progress: (text) => options.progress(`${place}: ${text}`),
      note: (text) => options.note(`${part.name}: ${text}`),
    })
    return { state: 'done', seconds: seconds(), faults, ...report }
  } catch (error) {
    if (signal.aborted) return { state: 'left out', reason: whyOf(signal.reason) }
    if (clock.aborted) return noTime
    return { state: 'failed', seconds: seconds(), reason: whyOf(error) }
  }
}

const whyOf = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason))

/** In words: everything that is not as it should be. What was left out for want of time is none. */
export const faultsOf = (results: readonly PartResult[]): readonly string[] =>
  results.flatMap(({ name, outcome }) => {
    switch (outcome.state) {
      case 'done':
        return outcome.faults.map((fault) => `${name}: ${fault}`)
      case 'failed':
        return [`${name}: ${outcome.reason}`]
      case 'left out':
        return []
    }
  })
