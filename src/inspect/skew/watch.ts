import { benjaminiHochbergOfEValues, look, type SkewVerdict, startWatch, type Watch } from '../statistics/index.ts'
import { judge } from './judge.ts'
import type { Cause } from './report.ts'
import type { Observed } from './sources/observed.ts'
import { between } from './sources/since.ts'

/** What is remembered between looks. */
export interface SkewWatch {
  readonly level: number
  /** how many looks there were; the first only says where counting begins */
  readonly looks: number
  readonly services: ReadonlyMap<string, WatchedService>
}

interface WatchedService {
  readonly first: Observed
  readonly last: Observed
  readonly watch: Watch
  readonly told: SkewVerdict | null
}

/** A Service of which there is something new to say. */
export interface WatchReport {
  readonly service: string | null
  readonly look: number
  /** new connections since the watch began */
  readonly n: number
  readonly verdict: SkewVerdict
  /** valid however often one looks; of several Services adjusted for their number */
  readonly p: number
  /** natural logarithm of the e-value */
  readonly logE: number
  readonly needed: number
  /** of SKEWED: why, as far as the counts since the watch began tell */
  readonly cause: Cause | null
  readonly backends: readonly { readonly name: string; readonly count: number; readonly expected: number }[]
}

export interface WatchStep {
  readonly watch: SkewWatch
  /** Services whose verdict changed, and at the second look all */
  readonly reports: readonly WatchReport[]
  /** what cannot be watched, and why; told once */
  readonly notes: readonly string[]
}

export const beginWatch = (level: number): SkewWatch => ({ level, looks: 0, services: new Map() })

/** A look at what was counted by now. Throws where the counts are of open connections, which come and go without being counted. */
export const lookAgain = ({ level, looks, services }: SkewWatch, observed: readonly Observed[]): WatchStep => {
  const notes: string[] = []
  const next = new Map<string, WatchedService>(services)
  for (const one of observed) {
    const name = one.observation.service ?? ''
    const known = services.get(name)
    if (known === undefined) {
      const reason = unfit(one)
      if (reason !== '') notes.push(`${name || 'counts'}: ${reason}`)
      next.set(name, { first: one, last: one, watch: startWatch(level), told: null })
    } else next.set(name, { ...known, last: one, watch: lookedAt(known, one) })
  }
  const watched = [...next].filter(([, { first }]) => unfit(first) === '')
  const verdicts = verdictsOf(
    watched.map(([, { watch }]) => watch),
    level,
  )
  const reports: WatchReport[] = []
  watched.forEach(([name, service], i) => {
    const { verdict, p } = verdicts[i] ?? { verdict: service.watch.verdict, p: 1 }
    if (looks === 0 || verdict === service.told) return
    next.set(name, { ...service, told: verdict })
    reports.push(reportOf(service, { look: looks + 1, verdict, p, level }))
  })
  return { watch: { level, looks: looks + 1, services: next }, reports, notes }
}

/** '' it can be watched. What clients keep is no new choice with each connection. */
const unfit = ({ observation: { facts, unit }, measure }: Observed): string => {
  if (unit !== 'connections') return `is not watched: only connections are chosen one by one, not ${unit}`
  if (measure === 'open') return 'is not watched: nothing counts its new connections, and open ones come and go'
  if (facts.affinity === 'ClientIP')
    return 'is not watched: affinity keeps clients, so connections are not chosen one by one'
  if (['sh', 'dh', 'mh'].includes(facts.scheduler ?? ''))
    return `is not watched: ${facts.scheduler} keeps clients, so connections are not chosen one by one`
  return ''
}

const lookedAt = ({ last, watch, first }: WatchedService, now: Observed): Watch => {
  if (unfit(first) !== '' || unfit(now) !== '') return watch
  const [since] = between([now], [last])
  const backends = since?.observation.backends ?? []
  const arrivals = backends.map(({ name, count, expectedOdds = 1 }) => ({ name, count, odds: expectedOdds }))
  return arrivals.some(({ odds }) => odds > 0) ? look(watch, arrivals) : watch
}

/** Of several Services false discoveries stay below the level, at any time. */
const verdictsOf = (
  watches: readonly Watch[],
  level: number,
): readonly { readonly verdict: SkewVerdict; readonly p: number }[] => {
  if (watches.length < 2)
    return watches.map(({ verdict, skewed, tooEven }) => ({ verdict, p: pOf(verdict, skewed, tooEven) }))
  const upper = benjaminiHochbergOfEValues(watches.map(({ skewed }) => -Math.log(skewed.p)))
  const lower = benjaminiHochbergOfEValues(watches.map(({ tooEven }) => -Math.log(tooEven.p)))
  return watches.map(({ verdict, n, needed }, i) => {
    const [skewed, tooEven] = [upper[i] ?? 1, lower[i] ?? 1]
    if (skewed <= level) return { verdict: 'SKEWED', p: skewed }
    if (tooEven <= level) return { verdict: 'TOO-EVEN', p: tooEven }
    const undecided = verdict === 'NOT-ENOUGH-DATA' || n < needed ? 'NOT-ENOUGH-DATA' : 'FAIR'
    return { verdict: undecided, p: skewed }
  })
}

const pOf = (verdict: SkewVerdict, skewed: Watch['skewed'], tooEven: Watch['tooEven']): number =>
  verdict === 'TOO-EVEN' ? tooEven.p : skewed.p

const reportOf = (
  { first, last, watch }: WatchedService,
  { look: number, verdict, p, level }: { look: number; verdict: SkewVerdict; p: number; level: number },
): WatchReport => ({
  service: first.observation.service,
  look: number,
  n: watch.n,
  verdict,
  p,
  logE: verdict === 'TOO-EVEN' ? watch.tooEven.logE : watch.skewed.logE,
  needed: watch.needed,
  cause: verdict === 'SKEWED' ? causeOf(first, last, level) : null,
  backends: Array.from(watch.backends, ([name, { count, expected }]) => ({ name, count, expected })),
})

const causeOf = (first: Observed, last: Observed, level: number): Cause | null => {
  const [all] = between([last], [first])
  return all === undefined ? null : judge(all.observation, { level, verdict: 'SKEWED' }).cause
}
