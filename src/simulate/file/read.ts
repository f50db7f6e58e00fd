import type { InputProblem } from '../../model/snapshot.ts'
import { documentsOf, isProblem, type SourceDocument } from '../../sources/documents.ts'
import { formatPath, type Path, show } from '../../sources/faults.ts'
import { isRaw, type Raw } from '../../sources/fields.ts'
import { parseYaml } from '../../sources/yaml.ts'
import type { Policy, Scenario } from '../model.ts'
import { checkScenario, engineFaults } from './checks.ts'
import { scenarioShape } from './fields.ts'
import { type PolicySource, readPolicies } from './policy.ts'
import { resolveScenario } from './resolve.ts'
import type { ShapeFault } from './shape.ts'

/** What the command line says over the file. */
export interface ScenarioOverrides {
  /** `path=value`, as `pods.count=10`, `clients[0].life.exponential=5m`; the value is YAML */
  readonly set?: readonly string[]
  /** spelt as text; in place of the file's `policy` (laid over it) and without its `compare` */
  readonly policy?: string
  /** spelt as text; in place of the file's `compare` */
  readonly compare?: readonly string[]
}

export interface ReadScenario {
  readonly scenario: Scenario
  /** '' where the document says nothing */
  readonly about: string
  /** to be compared; empty: only scenario.policy */
  readonly compared: readonly Policy[]
}

/** A scenario file's content. Either a scenario or at least one problem; each names file, line and field. Never throws. */
export const readScenario = (
  content: Buffer,
  file: string,
  overrides: ScenarioOverrides = {},
): { readonly read: ReadScenario | null; readonly problems: readonly InputProblem[] } => {
  const documents = [...documentsOf(content, file)]
  const problems = documents.filter(isProblem)
  const [document, ...others] = documents.filter((one): one is SourceDocument => !isProblem(one))
  const refuse = (message: string): { readonly read: null; readonly problems: readonly InputProblem[] } => ({
    read: null,
    problems: [...problems, { where: file, object: '', field: '', message }],
  })
  if (problems.length > 0) return { read: null, problems }
  if (document === undefined) return refuse('is empty: a scenario has at least duration, pods and clients')
  if (others.length > 0) return refuse(`has ${others.length + 1} documents: one scenario to a file`)
  if (!isRaw(document.value)) return refuse(`must be a map of a scenario, not ${show(document.value)}`)
  const { read, faults } = readDocument(document.value, overrides, nameOf(file))
  return { read, problems: faults.map((fault) => problemOf(fault, document, overrides)) }
}

/** As `readScenario`, of a document that was read already; faults have paths instead of places. */
export const readDocument = (
  given: Raw,
  overrides: ScenarioOverrides = {},
  name = 'scenario',
): { readonly read: ReadScenario | null; readonly faults: readonly ShapeFault[] } => {
  const faults: ShapeFault[] = []
  if (isDeep(given)) {
    faults.push({ path: [], message: `is nested deeper than ${DEEPEST}` })
    return { read: null, faults }
  }
  const raw = withSets(given, overrides.set ?? [], faults)
  const document = scenarioShape.read(raw, [], faults)
  if (document === undefined || faults.length > 0) return { read: null, faults }
  const hasOutside = [document.clients].flat().some((group) => 'from' in group && group.from === 'outside')
  const policies = readPolicies(policySource(raw, overrides), compareSources(raw, overrides), hasOutside, faults)
  if (policies === null) return { read: null, faults }
  const scenario = resolveScenario({ ...document, name: document.name ?? name }, policies.policy, faults)
  if (scenario === null) return { read: null, faults }
  if (faults.length === 0) faults.push(...checkScenario(document, scenario))
  if (faults.length === 0) faults.push(...engineFaults(scenario, [policies.policy, ...policies.compared]))
  if (faults.length > 0) return { read: null, faults }
  return { read: { scenario, about: document.about ?? '', compared: policies.compared }, faults }
}

/** No field of a scenario is deeper by far; what comes as JSON may be so deep that nothing else could walk through it. */
const DEEPEST = 100

const isDeep = (root: unknown): boolean => {
  let level: readonly unknown[] = [root]
  for (let depth = 0; depth <= DEEPEST; depth++) {
    level = level.flatMap((value): readonly unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
    if (level.length === 0) return false
  }
  return true
}

const policySource = (raw: Raw, { policy }: ScenarioOverrides): PolicySource => ({
  given: raw['policy'],
  path: ['policy'],
  ...(policy !== undefined && { over: policy, overPath: ['--policy'] }),
})

const compareSources = (raw: Raw, { policy, compare }: ScenarioOverrides): readonly PolicySource[] => {
  if (compare !== undefined) return compare.map((given) => ({ given, path: [`--compare ${given}`] }))
  const listed = raw['compare'] ?? []
  if (policy !== undefined || !Array.isArray(listed)) return []
  return listed.map((given: unknown, index) => ({ given, path: ['compare', index] }))
}

/** `path=value` for each. */
const withSets = (raw: Raw, sets: readonly string[], faults: ShapeFault[]): Raw => {
  const copy = structuredClone(raw)
  for (const set of sets) {
    const at = set.indexOf('=')
    const path = at < 0 ? null : parsePath(set.slice(0, at))
    if (path === null) {
      faults.push({ path: [`--set ${set}`], message: 'must read PATH=VALUE, like pods.count=10 or clients[0].life=5m' })
      continue
    }
    const [document] = parseYaml(set.slice(at + 1))
    if (document?.ok === false)
      faults.push({ path: [`--set ${set}`], message: `has a value that is not YAML: ${document.message}` })
    else {
      const message = put(copy, path, document?.value ?? null)
      if (message !== null) faults.push({ path: [`--set ${set}`], message })
    }
  }
  return copy
}

/** `clients[0].life.exponential` as steps; null: no path. */
const parsePath = (text: string): Path | null => {
  if (!/^[A-Za-z]\w*(\[\d{1,6}\]|\.[A-Za-z]\w*)*$/.test(text)) return null
  return [...text.matchAll(/\[(\d+)\]|\w+/g)].map(([name, index]) => (index === undefined ? name : Number(index)))
}

/** Maps on the way are made where they are missing; a list takes only elements that it has, or the next. What hinders, or null. */
const put = (root: unknown, path: Path, value: unknown): string | null => {
  let at = root
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1
    const so = formatPath(path.slice(0, depth)) || 'the scenario'
    if (Array.isArray(at)) {
      if (typeof step !== 'number' || step > at.length)
        return `${so} is a list of ${at.length}: it takes [0] to [${at.length}]`
      if (last) at[step] = value
      else at[step] ??= {}
      at = at[step]
    } else if (isRaw(at)) {
      if (typeof step === 'number') return `${so} is a map, not a list`
      const map = at as Record<string, unknown>
      if (last) map[step] = value
      else if (!isContainer(map[step])) map[step] = {}
      at = map[step]
    } else return `${so} is neither a map nor a list`
  }
  return null
}

const isContainer = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Faults of the command line's say so instead of file and line. */
const problemOf = (
  { path, message }: ShapeFault,
  document: SourceDocument,
  { set = [] }: ScenarioOverrides,
): InputProblem => {
  const [first] = path
  const field = formatPath(path)
  if (typeof first === 'string' && first.startsWith('--'))
    return { where: first, object: '', field: formatPath(path.slice(1)), message }
  const changed = set.find((one) => isWithin(field, one.slice(0, one.indexOf('='))))
  return { where: changed === undefined ? document.where(path) : `--set ${changed}`, object: '', field, message }
}

/** One of two paths leads to the other. */
const isWithin = (field: string, given: string): boolean => {
  const [short, long] = field.length < given.length ? [field, given] : [given, field]
  return long === short || long.startsWith(`${short}.`) || long.startsWith(`${short}[`)
}

const nameOf = (file: string): string => {
  const base = /[^/\\]+$/.exec(file)?.[0] ?? file
  return base.replace(/\.(ya?ml|json)$/, '') || 'scenario'
}
