import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { loadObserved, type SourceFlags } from '../../src/cli/skew/load.ts'
import { judge } from '../../src/inspect/skew/judge.ts'
import type { LoadUnit, Observation } from '../../src/inspect/skew/observation.ts'

/** What `expect.json` beside the files says. */
interface Expectations {
  readonly about: string
  readonly runs: readonly Run[]
}

interface Run {
  readonly name: string
  readonly service?: string
  /** paths relative to the folder */
  readonly flags: SourceFlags
  /** part of the message */
  readonly error?: string
  /** parts of what is told on stderr; default: nothing is */
  readonly warnings?: readonly string[]
  /** all that are found, '' without a name */
  readonly services?: Readonly<Record<string, ExpectedService>>
}

interface ExpectedService {
  readonly unit?: LoadUnit
  /** of all backends */
  readonly counts?: Readonly<Record<string, number>>
  readonly total?: number
  /** by the rules, of some backends */
  readonly shares?: Readonly<Record<string, number>>
  /** of some backends */
  readonly weights?: Readonly<Record<string, number>>
  /** connections that each node counted; default: no nodes are told apart, or it does not matter */
  readonly nodes?: Readonly<Record<string, number>>
  readonly facts?: Observation['facts']
  readonly flows?: number
  /** of `judge`; default: whatever it is */
  readonly verdict?: string
  readonly cause?: string
  /** parts of notes; all of them */
  readonly notes?: readonly string[]
}

const corpora = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())

describe.each(corpora.map(({ name }) => name))('%s', (name) => {
  const folder = join(import.meta.dirname, name)
  const { runs } = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as Expectations

  test.each(runs.map((run) => [run.name, run] as const))('%s', async (_, run) => {
    const told: string[] = []
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      told.push(String(text))
      return true
    })
    const loading = loadObserved(run.service, inFolder(folder, run.flags)).finally(() => stderr.mockRestore())
    if (run.error !== undefined) return expect(loading).rejects.toThrow(run.error)
    const observed = await loading
    const { warnings = [], services = {} } = run
    expect(told).toHaveLength(warnings.length)
    for (const text of warnings) expect(told.join('')).toContain(text)
    expect(observed.map(({ observation }) => observation.service ?? '').sort()).toEqual(Object.keys(services).sort())
    for (const { observation, notes } of observed)
      check(observation, notes, services[observation.service ?? ''] as ExpectedService)
  })
})

const inFolder = (folder: string, flags: SourceFlags): SourceFlags => ({
  ...flags,
  ...(flags.from && { from: flags.from.map((path) => join(folder, path)) }),
  ...(flags.filename && { filename: flags.filename.map((path) => join(folder, path)) }),
  ...(flags.nodeFile && {
    nodeFile: flags.nodeFile.map((text) => {
      const [node = '', path = ''] = text.split('=')
      return `${node}=${join(folder, path)}`
    }),
  }),
})

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)

const check = (observation: Observation, notes: readonly string[], expected: ExpectedService): void => {
  const { backends, nodes = [], flows = [], facts, unit } = observation
  const counts = Object.fromEntries(backends.map((backend) => [backend.name, backend.count]))
  expect(unit).toBe(expected.unit ?? 'connections')
  if (expected.counts !== undefined) expect(counts).toEqual(expected.counts)
  if (expected.total !== undefined) expect(sum(Object.values(counts))).toBe(expected.total)
  for (const [name, share] of Object.entries(expected.shares ?? {}))
    expect(backends.find((backend) => backend.name === name)?.expectedOdds).toBeCloseTo(share, 8)
  for (const [name, weight] of Object.entries(expected.weights ?? {}))
    expect(backends.find((backend) => backend.name === name)?.weight).toBe(weight)
  if (expected.nodes !== undefined)
    expect(Object.fromEntries(nodes.map((node) => [node.node, sum(node.counts)]))).toEqual(expected.nodes)
  expect(facts).toMatchObject(expected.facts ?? {})
  if (expected.flows !== undefined) expect(flows).toHaveLength(expected.flows)
  if (expected.verdict !== undefined) {
    const { verdict, cause } = judge(observation)
    expect({ verdict, cause: cause?.code }).toEqual({ verdict: expected.verdict, cause: expected.cause ?? cause?.code })
  }
  expect(notes).toHaveLength(expected.notes?.length ?? 0)
  expected.notes?.forEach((text, i) => expect(notes[i]).toContain(text))
}
