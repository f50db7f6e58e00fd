import { setTimeout as sleep } from 'node:timers/promises'
import type { Observed } from '../../inspect/skew/sources/observed.ts'
import { beginWatch, lookAgain, type WatchReport } from '../../inspect/skew/watch.ts'
import type { Shell } from '../command.ts'
import type { SkewFlags } from './flags.ts'
import { loadObserved } from './load.ts'
import { shortNumber } from './text.ts'

/**
 * Looks again and again, until `--count` or a signal, and prints a line for each Service whose verdict changed. The level holds over all looks
 * together. Exit 1: a Service is SKEWED at the end.
 */
export const watchSkew = async (service: string | undefined, flags: SkewFlags, shell: Shell): Promise<void> => {
  if (flags.counts !== undefined || flags.since !== undefined)
    throw new Error(
      '--watch reads again and again: give it --live, --from or --node-file, and neither --counts nor --since',
    )
  if (flags.output === 'yaml') throw new Error('--watch prints a table or JSON, not yaml')
  const { from = [], nodeFile = [], filename = [] } = flags
  if ([...from, ...filename].includes('-') || nodeFile.some((text) => text.endsWith('=-')))
    throw new Error('--watch reads its sources again and again, and stdin can be read once: write it to a file')
  const signal = shell.interrupted()
  const skewed = new Set<string | null>()
  let watch = beginWatch(flags.level)
  while (!signal.aborted) {
    const observed = await readAgain(service, flags, watch.looks)
    if (observed !== null) {
      const step = lookAgain(watch, observed)
      watch = step.watch
      for (const note of step.notes) process.stderr.write(`note: ${note}\n`)
      for (const report of step.reports) {
        if (report.verdict === 'SKEWED') skewed.add(report.service)
        else skewed.delete(report.service)
        process.stdout.write(flags.output === 'json' ? `${JSON.stringify(report)}\n` : watchLine(report, new Date()))
      }
    }
    if (flags.count !== undefined && watch.looks >= flags.count) break
    await sleep(flags.interval * 1000, undefined, { signal }).catch(() => undefined)
  }
  if (skewed.size > 0) process.exitCode = 1
}

/** A source that cannot be read for a moment (files being replaced, an agent starting anew) is read again later; at first it is an error. */
const readAgain = async (
  service: string | undefined,
  flags: SkewFlags,
  looks: number,
): Promise<readonly Observed[] | null> => {
  try {
    return await loadObserved(service, { ...flags, compared: true })
  } catch (error) {
    if (looks === 0) throw error
    process.stderr.write(`warning: ${error instanceof Error ? error.message : String(error)}\n`)
    return null
  }
}

/** `12:00:05  default/web: SKEWED after 1200 connections (p = 0.0031): web-2 has 512 of 400; cause: …` */
export const watchLine = ({ service, n, verdict, p, needed, cause, backends }: WatchReport, now: Date): string => {
  const furthest = backends.toSorted((a, b) => off(b) - off(a))[0]
  const who =
    furthest === undefined || n === 0
      ? ''
      : `; furthest off: ${furthest.name} with ${shortNumber(furthest.count)}, expected ${shortNumber(furthest.expected)}`
  const more = verdict === 'NOT-ENOUGH-DATA' && n < needed ? `, about ${needed - n} more needed` : ''
  const why = cause === null ? '' : `\n  cause: ${cause.code}: ${cause.evidence}\n  cure: ${cause.cure}`
  const time = now.toISOString().slice(11, 19)
  return `${time}  ${service ?? 'counts'}: ${verdict} after ${n} new ${n === 1 ? 'connection' : 'connections'} (p = ${Number(p.toPrecision(2))})${more}${who}${why}\n`
}

const off = ({ count, expected }: WatchReport['backends'][number]): number => Math.abs(count - expected)
