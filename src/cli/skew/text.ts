import type { Cause, SkewReport } from '../../inspect/skew/report.ts'
import { bandPicture } from './band.ts'
import { numericTable } from '../text/table.ts'

/** A judged Service for people: who got how much beside what luck allows, the verdict in words, why, and what to do. */
export const skewText = (report: SkewReport, headers = true): string => {
  const { backends, notes } = report
  return [
    `${titleOf(report)}\n`,
    backends.length === 0 ? '' : `\n${backendTable(report, headers)}\n`,
    `${verdictSentence(report)}\n`,
    causeText(report),
    nullsText(report),
    notes.map((note) => `note: ${note}\n`).join(''),
  ].join('')
}

/** As many backends as a person reads; of more, those furthest from what was expected. */
const MOST_ROWS = 60

const titleOf = ({ service, unit, n, k, draws }: SkewReport): string => {
  const choices =
    draws === null || draws === n ? '' : `, about ${draws} independent ${draws === 1 ? 'choice' : 'choices'}`
  const what = unit === 'cpu' ? 'units of CPU' : n === 1 ? unit.replace(/s$/, '') : unit
  return `${service ?? 'counts'}: ${shortNumber(n)} ${what} on ${k} ${k === 1 ? 'backend' : 'backends'}${choices}`
}

const backendTable = (report: SkewReport, headers: boolean): string => {
  const { backends } = report
  const most = Math.max(1, ...backends.map(({ count, expected, high }) => Math.max(count, expected, high ?? 0)))
  const shown =
    backends.length <= MOST_ROWS
      ? backends
      : [...backends]
          .sort((a, b) => Math.abs(b.count - b.expected) - Math.abs(a.count - a.expected))
          .slice(0, MOST_ROWS)
  const rows = shown.map((backend) => {
    const { name, count, expected, low, high } = backend
    const band = low === null || high === null ? '-' : `${shortNumber(low)} … ${shortNumber(high)}`
    return [name, shortNumber(count), shortNumber(expected), band, `${bandPicture(backend, most)}${beyond(backend)}`]
  })
  const titles = headers ? [['BACKEND', 'COUNT', 'EXPECTED', 'LUCK ALLOWS', '']] : []
  const table = numericTable([...titles, ...rows], 1, 4)
  const left = backends.length - shown.length
  return `${table.replace(/^/gm, '  ').trimEnd()}\n${left > 0 ? `  … and ${left} that are nearer to what was expected\n` : ''}`
}

const beyond = ({ count, low, high }: SkewReport['backends'][number]): string => {
  if (low !== null && count < low) return '  less than luck'
  return high !== null && count > high ? '  more than luck' : ''
}

const large = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
] as const

/** Three figures are enough for a person, but whole numbers up to ten million stay whole. */
export const shortNumber = (value: number): string => {
  // 999.9 million is a billion to three figures
  const [size, letter] = large.find(([least]) => value >= 10e6 && value >= least * 0.9995) ?? [1, '']
  if (letter !== '') return `${Number((value / size).toPrecision(3))}${letter}`
  if (Number.isInteger(value)) return String(value)
  return value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

/** `FAIR: luck alone is as uneven once in 2.6 draws (p = 0.379), busiest 1.14 × the mean` */
export const verdictSentence = (report: SkewReport): string => {
  const { verdict, p, pLower, maxOverMean, k, needed, draws, cause } = report
  const spread = `busiest ${maxOverMean.toFixed(2)} × the mean`
  if (report.n === 0) return `${verdict}: nothing was counted`
  if (verdict === 'NOT-ENOUGH-DATA' && k < 2) return 'NOT-ENOUGH-DATA: one backend takes all there is'
  if (p === null || pLower === null || draws === null)
    return `${verdict}: how many independent choices are behind these figures is not known, so no test applies; ${spread}`
  switch (verdict) {
    case 'FAIR':
      return `FAIR: luck alone is as uneven ${oftenIn(p)}; ${spread}`
    case 'TOO-EVEN':
      return `TOO-EVEN: luck alone is as even ${oftenIn(pLower)}, so something counts them out; ${spread}`
    case 'SKEWED':
      return `SKEWED: luck alone is as uneven ${oftenIn(p)}; ${spread}`
    case 'EXPLAINED':
      return `EXPLAINED: not what an even split by luck gives, but what is known accounts for it; ${spread}`
    case 'NOT-ENOUGH-DATA':
      if (draws < needed)
        return `NOT-ENOUGH-DATA: luck alone is as uneven ${oftenIn(p)}; to see a backend that is off by half it takes about ${needed}, ${needed - draws} more; ${spread}`
      return cause === null
        ? `NOT-ENOUGH-DATA: luck alone is as uneven ${oftenIn(p)}, and no outcome of so few could be told from luck; ${spread}`
        : `NOT-ENOUGH-DATA: luck alone is as uneven ${oftenIn(p)}, as far as is known, which is not enough; ${spread}`
  }
}

/** Probabilities as people say them: `once in 2.6 draws (p = 0.379)`. */
const oftenIn = (p: number): string => {
  const value = `(p = ${p === 0 ? '0' : p.toPrecision(3).replace(/\.?0+(?=e|$)/, '')})`
  if (p > 0.9) return `nearly every time ${value}`
  if (p >= 0.5) return `in ${Math.round(p * 100)}% of draws ${value}`
  if (p < 1e-6) return `not once in a million draws ${value}`
  const draws = 1 / p
  const rarely = p <= 0.05 ? 'only ' : ''
  return `${rarely}once in ${draws < 10 ? draws.toFixed(1) : Math.round(draws).toLocaleString('en-US')} draws ${value}`
}

const causeText = ({ cause }: SkewReport): string => {
  if (cause === null) return ''
  return [cause, ...cause.also].map((one, index) => causeLines(one, index === 0 ? 'cause' : 'and')).join('')
}

const causeLines = ({ code, evidence, cure, page, certainty }: Omit<Cause, 'also'>, title: string): string => {
  const sure = certainty === 'none' ? '' : ` (${certainty})`
  return `${title}: ${code}${sure}: ${evidence}\n  cure: ${cure}\n  more: ${page}\n`
}

const nullsText = ({ nulls }: SkewReport): string =>
  nulls.length < 2 ? '' : `tried: ${nulls.map(({ name, p }) => `${name} p = ${Number(p.toPrecision(2))}`).join(', ')}\n`
