import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Part, PartOptions } from './part.ts'
import type { AllParameters, PartResult } from './report.ts'
import { faultsOf, runAll } from './run-all.ts'
import { readState, stateFileOf, writeState } from './state.ts'

const parameters: AllParameters = {
  version: '1',
  kernel: '6.18',
  planes: ['nftables'],
  seed: 1,
  level: 0.05,
  repeat: 1,
}

let directory: string
let file: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'evenkeel-all-'))
  file = stateFileOf(join(directory, 'lab.html'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Parts that note when they are run, and do what is asked; default: nothing wrong. */
const partsOf = (
  ran: string[],
  special: Readonly<Record<string, (options: PartOptions) => void>> = {},
): readonly Part[] =>
  ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    summary: `what ${name} shows`,
    run: async (options) => {
      ran.push(name)
      special[name]?.(options)
      options.signal.throwIfAborted()
      const report = { scenario: name, seed: options.seed, node: { kernel: '6.18' }, runs: [], skipped: [] }
      return { kind: 'spread', report, faults: name === 'b' ? ['b is skewed'] : [] }
    },
  }))

interface Setting {
  readonly signal?: AbortSignal
  readonly resume?: boolean
  readonly parameters?: AllParameters
  readonly now?: () => number
}

const run = async (parts: readonly Part[], setting: Setting = {}): Promise<readonly PartResult[]> => {
  const own = setting.parameters ?? parameters
  const { finished } = setting.resume ? await readState(file, own) : { finished: new Map() }
  return runAll({
    id: 'all1',
    planes: ['nftables'],
    seed: own.seed,
    level: 0.05,
    repeat: 1,
    signal: setting.signal ?? new AbortController().signal,
    progress: () => {},
    note: () => {},
    parts,
    minutes: 1,
    finished,
    keep: (results) => writeState(file, { parameters: own, parts: results }),
    now: setting.now ?? (() => 0),
  })
}

const statesOf = (results: readonly PartResult[]): readonly string[] => results.map(({ outcome }) => outcome.state)

test('one after the other; what is wrong is told by name', async () => {
  const ran: string[] = []
  const results = await run(partsOf(ran))
  expect(ran).toEqual(['a', 'b', 'c', 'd'])
  expect(statesOf(results)).toEqual(['done', 'done', 'done', 'done'])
  expect(faultsOf(results)).toEqual(['b: b is skewed'])
})

describe('interrupted in the third', () => {
  let before: readonly PartResult[]
  beforeEach(async () => {
    const interruption = new AbortController()
    const stop = (): void => interruption.abort(new Error('interrupted by SIGINT'))
    before = await run(partsOf([], { c: stop }), { signal: interruption.signal })
  })

  test('what is done is kept, the rest is left out', () => {
    expect(statesOf(before)).toEqual(['done', 'done', 'left out', 'left out'])
    expect(before[2]?.outcome).toEqual({ state: 'left out', reason: 'interrupted by SIGINT' })
    expect(faultsOf(before)).toEqual(['b: b is skewed'])
  })

  test('and goes on with --resume: nothing that is finished runs again', async () => {
    const ran: string[] = []
    const results = await run(partsOf(ran), { resume: true })
    expect(ran).toEqual(['c', 'd'])
    expect(statesOf(results)).toEqual(['done', 'done', 'done', 'done'])
    expect(results.slice(0, 2)).toEqual(before.slice(0, 2))
  })

  test.each([{ seed: 2 }, { planes: ['nftables', 'ipvs'] }, { kernel: '6.19' }, { repeat: 3 }])(
    'with other parameters all of it runs: %j',
    async (other) => {
      const ran: string[] = []
      await run(partsOf(ran), { resume: true, parameters: { ...parameters, ...other } })
      expect(ran).toEqual(['a', 'b', 'c', 'd'])
    },
  )

  test('without --resume all of it runs, and the state stays until something is finished', async () => {
    const kept = readFileSync(file, 'utf8')
    const ran: string[] = []
    const look = (): void => expect(readFileSync(file, 'utf8')).toBe(kept)
    await run(partsOf(ran, { a: look }))
    expect(ran).toEqual(['a', 'b', 'c', 'd'])
  })
})

test('a scenario that fails keeps no other from being run, and is run again; those finished after it are not lost meanwhile', async () => {
  const failing = (): void => {
    throw new Error('no such program')
  }
  const first = await run(partsOf([], { b: failing }))
  expect(statesOf(first)).toEqual(['done', 'failed', 'done', 'done'])
  expect(faultsOf(first)).toEqual(['b: no such program'])
  const ran: string[] = []
  const again = await run(partsOf(ran, { b: failing }), { resume: true })
  expect(ran).toEqual(['b'])
  expect(statesOf(again)).toEqual(statesOf(first))
  const kept = await readState(file, parameters)
  expect([...kept.finished.keys()]).toEqual(['a', 'c', 'd'])
})

test('nothing is begun when the minutes are over', async () => {
  let ms = 0
  const slow = (): void => void (ms += 61_000)
  const results = await run(partsOf([], { b: slow }), { now: () => ms })
  expect(results.map(({ outcome }) => outcome)).toMatchObject([
    { state: 'done', seconds: 0 },
    { state: 'done', seconds: 61 },
    { state: 'left out', reason: 'the 1 minutes are over (--minutes)' },
    { state: 'left out' },
  ])
})

test.each([
  ['{"format":"evenkeel-lab-all/1","par', /no JSON, or cut off; without --resume/],
  ['[]', /format: not evenkeel-lab-all\/1/],
  ['{"format":"evenkeel-lab-all/1"}', /parameters: not an object/],
  ['{"format":"evenkeel-lab-all/1","parameters":{},"parts":{}}', /parts: not a list/],
  ['{"format":"evenkeel-lab-all/1","parameters":{},"parts":[{"name":"a","outcome":{"state":"done"}}]}', /parts\[0\]/],
])('a state that is none is named with its file: %s', async (text, words) => {
  writeFileSync(file, text)
  await expect(readState(file, parameters)).rejects.toThrow(words)
  await expect(readState(file, parameters)).rejects.toThrow(file)
})

test('no state is nothing finished', async () => {
  expect(await readState(file, parameters)).toEqual({ finished: new Map(), unlike: null })
})
