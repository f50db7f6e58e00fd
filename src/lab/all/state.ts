import { readFile, rename, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { AllParameters, PartOutcome, PartResult } from './report.ts'

/** What is kept beside the report between two runs, as JSON. */
interface KeptState {
  readonly format: typeof FORMAT
  readonly parameters: AllParameters
  readonly parts: readonly PartResult[]
}

const FORMAT = 'evenkeel-lab-all/1'

/** `lab.html` → `lab.state.json` */
export const stateFileOf = (report: string): string => `${report.replace(/\.html?$/i, '')}.state.json`

export interface Earlier {
  readonly finished: ReadonlyMap<string, PartOutcome>
  /** why none of it counts; null: it does */
  readonly unlike: string | null
}

/**
 * The scenarios that an earlier run has finished with the same parameters, whatever they found; those that failed are run again.
 * No file is an earlier run that finished nothing. Throws for a file that is no state, with what to do.
 */
export const readState = async (file: string, parameters: AllParameters): Promise<Earlier> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return { finished: new Map(), unlike: null }
  const state = parse(text, file)
  const names = Object.keys(parameters) as (keyof AllParameters)[]
  const other = names.filter((name) => !isDeepStrictEqual(state.parameters[name], parameters[name]))
  if (other.length > 0) {
    const words = other.map(
      (name) => `${name} was ${JSON.stringify(state.parameters[name])}, is ${JSON.stringify(parameters[name])}`,
    )
    return { finished: new Map(), unlike: words.join('; ') }
  }
  const done = state.parts.filter(({ outcome }) => outcome.state === 'done')
  return { finished: new Map(done.map(({ name, outcome }) => [name, outcome])), unlike: null }
}

/** Whole or not at all: who is killed meanwhile leaves the state before. */
export const writeState = async (
  file: string,
  { parameters, parts }: Pick<KeptState, 'parameters' | 'parts'>,
): Promise<void> => {
  const state: KeptState = { format: FORMAT, parameters, parts }
  await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`)
  await rename(`${file}.new`, file)
}

const parse = (text: string, file: string): KeptState => {
  const state = valueOf(text)
  const problem = problemOf(state)
  if (problem !== null) throw new Error(`${file}: ${problem}; without --resume everything is run anew`)
  return state as KeptState
}

const valueOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What keeps it from being a state of ours; deeper it is not looked into, nobody else writes it. */
const problemOf = (state: unknown): string | null => {
  if (state === undefined) return 'no JSON, or cut off'
  if (!isRecord(state) || state['format'] !== FORMAT) return `format: not ${FORMAT}`
  if (!isRecord(state['parameters'])) return 'parameters: not an object'
  const parts = state['parts']
  if (!Array.isArray(parts)) return 'parts: not a list'
  const bad = parts.findIndex((part) => !isPart(part))
  return bad < 0 ? null : `parts[${bad}]: no name, or no outcome`
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isPart = (value: unknown): boolean => {
  if (!isRecord(value) || typeof value['name'] !== 'string' || !isRecord(value['outcome'])) return false
  const { state, report } = value['outcome']
  return state === 'done' ? isRecord(report) : state === 'failed' || state === 'left out'
}
