import { judge } from '../../inspect/skew/judge.ts'
import { rank, type RankedReport } from '../../inspect/skew/rank.ts'
import type { SkewReport } from '../../inspect/skew/report.ts'
import { givenCounts } from '../../inspect/skew/sources/given.ts'
import type { Observed } from '../../inspect/skew/sources/observed.ts'
import { between } from '../../inspect/skew/sources/since.ts'
import { stdinOnce } from '../options/arguments.ts'
import type { SkewFlags } from './flags.ts'
import { loadObserved } from './load.ts'
import { jsonReport } from './json.ts'
import { rankTable } from './rank-table.ts'
import { skewText } from './text.ts'

/** Reads, judges and prints once. Exit 1: a Service is SKEWED. */
export const reportSkew = async (service: string | undefined, flags: SkewFlags): Promise<void> => {
  const observed = await observedBy(service, flags)
  const [only] = observed
  const reports =
    observed.length === 1 && only !== undefined && !flags.all
      ? [withNotes(judge(only.observation, { level: flags.level }), only)]
      : ranked(observed, flags.level)
  process.stdout.write(await printed(reports, flags))
  if (reports.some(({ verdict }) => verdict === 'SKEWED')) process.exitCode = 1
}

/** Throws where flags contradict each other, or nothing is found. */
export const observedBy = async (service: string | undefined, flags: SkewFlags): Promise<readonly Observed[]> => {
  const { counts, from, nodeFile, live, since, namespace } = flags
  const files = from !== undefined || nodeFile !== undefined || live === true
  if (counts === undefined && !files)
    throw new Error('nothing to judge: give --counts 38,35,27, --from FILE…, --node-file NODE=PATH or --live')
  if (counts !== undefined) {
    if (files || since !== undefined) throw new Error('give --counts, or files and --live, not both')
    const named = service === undefined || namespace === undefined || service.includes('/')
    const observation = {
      ...givenCounts(counts, flags.weight ?? 'connections'),
      service: named ? (service ?? null) : `${namespace}/${service}`,
    }
    return [{ observation, frontends: [], endpoints: new Map(), notes: [] }]
  }
  if (since !== undefined) checkStdin(flags, since)
  const now = await loadObserved(service, { ...flags, compared: flags.since !== undefined })
  if (since === undefined) return now
  const { from: _from, nodeFile: _nodeFile, live: _live, ...rest } = flags
  const isNamed = since.some((path) => path.includes('='))
  return between(
    now,
    await loadObserved(service, { ...rest, compared: true, ...(isNamed ? { nodeFile: since } : { from: since }) }),
  )
}

/** Each of the two readings would need it. */
const checkStdin = ({ from = [], nodeFile = [], filename = [] }: SkewFlags, since: readonly string[]): void => {
  if (filename.includes('-'))
    throw new Error('--since reads the objects twice, and stdin can be read once: write them to a file')
  const read = [...from, ...nodeFile.map((text) => text.slice(text.indexOf('=') + 1))]
  stdinOnce({ '--from or --node-file': read, '--since': since.map((text) => text.slice(text.indexOf('=') + 1)) })
}

const withNotes = <R extends SkewReport>(report: R, { notes }: Observed): R =>
  notes.length === 0 ? report : { ...report, notes: [...notes, ...report.notes] }

const ranked = (observed: readonly Observed[], level: number): readonly RankedReport[] => {
  const byService = new Map(observed.map((one) => [one.observation.service, one]))
  return rank(
    observed.map(({ observation }) => observation),
    { level },
  ).map((report) => {
    const own = byService.get(report.service)
    return own === undefined ? report : withNotes(report, own)
  })
}

const printed = async (reports: readonly SkewReport[], flags: SkewFlags): Promise<string> => {
  const services = reports.map(jsonReport)
  const value = services.length === 1 && !flags.all ? services[0] : { services }
  switch (flags.output) {
    case 'json':
      return `${JSON.stringify(value)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 })
    case 'table':
      return textOf(reports, flags)
  }
}

const textOf = (reports: readonly (SkewReport | RankedReport)[], { all, headers }: SkewFlags): string => {
  const [only] = reports
  if (reports.length === 1 && only !== undefined && !all) return skewText(only, headers)
  return rankTable(reports, headers)
}
