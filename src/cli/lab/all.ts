import { access, constants, rename, stat, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { version } from '../../agent/version.ts'
import { planeNames } from '../../dataplane/registry.ts'
import type { PartOptions } from '../../lab/all/part.ts'
import { isolated } from '../../lab/all/isolated.ts'
import { allParts } from '../../lab/all/parts.ts'
import { pageOf } from '../../lab/all/page/page.ts'
import { sectionOf } from '../../lab/all/page/sections.ts'
import type { AllParameters, AllReport, PartResult } from '../../lab/all/report.ts'
import { faultsOf, runAll } from '../../lab/all/run-all.ts'
import { type Earlier, readState, stateFileOf, writeState } from '../../lab/all/state.ts'
import { progressOn, type Progress } from './progress.ts'
import { formatTable } from '../text/table.ts'

export interface AllFlags extends Omit<PartOptions, 'progress' | 'note'> {
  /** of the whole */
  readonly minutes: number
  /** where the page goes; what resumes stands beside it */
  readonly report: string
  readonly resume: boolean
  readonly output: 'table' | 'json'
}

/**
 * `lab run all`. Exit 1 where a scenario is not as it expects, or could not be measured; what was left out for want of time is no fault.
 * Throws when it is interrupted, with all that is done on disk.
 */
export const labAll = async ({ minutes, report: file, resume, output, ...options }: AllFlags): Promise<void> => {
  await checkPlace(file)
  const progress = progressOn(process.stderr)
  const parameters = parametersOf(options)
  const state = stateFileOf(file)
  const { finished } = resume ? await earlier(state, parameters, progress) : nothing
  try {
    const parts = await runAll({
      ...options,
      parts: allParts().map((part) => isolated(part)),
      minutes,
      finished,
      keep: (results) =>
        writeState(state, { parameters, parts: results }).catch((error: Error) =>
          progress.note(`--resume will not know what is done: ${error.message}`),
        ),
      now: () => performance.now(),
      progress: progress.step,
      note: progress.note,
    })
    progress.end()
    await show(
      { scenario: 'all', seed: options.seed, node: { kernel: parameters.kernel }, parameters, parts },
      file,
      output,
    )
    goesOn(parts, file)
    options.signal.throwIfAborted()
    if (faultsOf(parts).length > 0) process.exitCode = 1
  } finally {
    progress.end()
  }
}

/** Said now, not after a quarter of an hour. */
const checkPlace = async (file: string): Promise<void> => {
  const directory = dirname(file)
  await access(directory, constants.W_OK).catch((error: Error) => {
    throw new Error(`--report ${file}: ${error.message}`)
  })
  const found = await stat(file).catch(() => null)
  if (found?.isDirectory() === true) throw new Error(`--report ${file}: is a directory; name a file in it`)
}

const nothing: Earlier = { finished: new Map(), unlike: null }

/** Planes that this version has: with one more, all is run anew. */
const parametersOf = ({
  planes,
  seed,
  level,
  repeat,
}: Pick<PartOptions, 'planes' | 'seed' | 'level' | 'repeat'>): AllParameters => ({
  version: version(),
  kernel: release(),
  planes: planes.filter((plane) => planeNames.includes(plane)),
  seed,
  level,
  repeat,
})

const earlier = async (state: string, parameters: AllParameters, progress: Progress): Promise<Earlier> => {
  const found = await readState(state, parameters)
  checkReadable(found, state)
  if (found.unlike !== null) progress.note(`${state} is of other parameters, so all is run anew: ${found.unlike}`)
  else if (found.finished.size === 0) progress.note(`${state}: nothing is finished yet`)
  else progress.note(`finished before: ${[...found.finished.keys()].join(', ')}`)
  return found
}

/** Somebody may have written into it by hand. */
const checkReadable = ({ finished }: Earlier, state: string): void => {
  for (const [name, outcome] of finished)
    try {
      sectionOf({ name, summary: '', outcome })
    } catch (cause) {
      throw new Error(`${state}: the report of ${name} cannot be read; without --resume everything is run anew`, {
        cause,
      })
    }
}

const show = async (report: AllReport, file: string, output: 'table' | 'json'): Promise<void> => {
  process.stdout.write(output === 'json' ? `${JSON.stringify(report)}\n` : allText(report.parts))
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ')
  await writeFile(`${file}.new`, pageOf(report, `${date} UTC`))
  await rename(`${file}.new`, file)
  for (const fault of faultsOf(report.parts)) process.stderr.write(`${fault}\n`)
  process.stderr.write(`report: ${file}\n`)
}

const goesOn = (parts: readonly PartResult[], file: string): void => {
  const left = parts.filter(({ outcome }) => outcome.state !== 'done').map(({ name }) => name)
  if (left.length > 0)
    process.stderr.write(
      `to be run: ${left.join(', ')}: the same command with --resume goes on (${stateFileOf(file)})\n`,
    )
}

/** For a person: a line for each scenario. */
export const allText = (parts: readonly PartResult[]): string =>
  formatTable(
    ['SCENARIO', 'RUNS', 'TIME', 'RESULT'],
    parts.map((part) => {
      const { name, outcome } = part
      const runs = outcome.state === 'done' ? String(outcome.report.runs.length) : '-'
      const time = outcome.state === 'left out' ? '-' : `${Math.round(outcome.seconds)} s`
      return [name, runs, time, sectionOf(part).result.words]
    }),
  )
