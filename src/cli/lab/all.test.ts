import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { version } from '../../agent/version.ts'
import { type AllFlags, allText, labAll } from './all.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'evenkeel-lab-all-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Interrupted before anything is begun, should it come so far. */
const flags = (changes: Partial<AllFlags>): AllFlags => ({
  id: 'all1',
  planes: ['nftables'],
  seed: 1,
  level: 0.05,
  repeat: 1,
  minutes: 1,
  report: join(directory, 'lab.html'),
  resume: false,
  output: 'json',
  signal: AbortSignal.abort(new Error('interrupted')),
  ...changes,
})

test('a place where no page can be written is refused at once', async () => {
  await expect(labAll(flags({ report: '/nowhere/lab.html' }))).rejects.toThrow('--report /nowhere/lab.html: ENOENT')
  await expect(labAll(flags({ report: directory }))).rejects.toThrow('is a directory')
})

test('so is a state whose reports make no page', async () => {
  const parameters = { version: version(), kernel: release(), planes: ['nftables'], seed: 1, level: 0.05, repeat: 1 }
  const outcome = { state: 'done', seconds: 1, faults: [], kind: 'scale', report: { runs: 5 } }
  const state = { format: 'evenkeel-lab-all/1', parameters, parts: [{ name: 'scale', summary: '', outcome }] }
  writeFileSync(join(directory, 'lab.state.json'), JSON.stringify(state))
  await expect(labAll(flags({ resume: true }))).rejects.toThrow(/lab\.state\.json: the report of scale cannot be read/)
})

test('a line for each scenario', () => {
  const report = { scenario: 'even', seed: 1, node: { kernel: '6.18' }, runs: [], skipped: [] }
  expect(
    allText([
      { name: 'even', summary: '', outcome: { state: 'done', seconds: 12.3, faults: ['x'], kind: 'spread', report } },
      { name: 'scale', summary: '', outcome: { state: 'failed', seconds: 1, reason: 'no memory' } },
      { name: 'restart', summary: '', outcome: { state: 'left out', reason: 'the 1 minutes are over (--minutes)' } },
    ]),
  ).toBe(`\
SCENARIO   RUNS   TIME   RESULT
even       0      12 s   1 not as expected
scale      -      1 s    could not be measured
restart    -      -      not run: the 1 minutes are over (--minutes)
`)
})
