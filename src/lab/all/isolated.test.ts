import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { isolated } from './isolated.ts'
import type { Part, PartOptions } from './part.ts'

let directory: string
let notes: string[]
beforeEach(() => {
  notes = []
})
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'evenkeel-isolated-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const part: Part = { name: 'even', summary: '', run: () => Promise.reject(new Error('not here')) }

/** A process that does this instead of a scenario. */
const doing = (name: string, body: string): Part => {
  const script = join(directory, `${name}.mjs`)
  writeFileSync(script, body)
  return isolated(part, { script, patienceMs: 300, clearUp: async () => ['all1'] })
}

const run = (one: Part, signal = new AbortController().signal, progress: (text: string) => void = () => {}) => {
  const options: PartOptions = {
    id: 'all1',
    planes: ['nftables'],
    seed: 7,
    level: 0.05,
    repeat: 1,
    signal,
    progress,
    note: (text) => notes.push(text),
  }
  return one.run(options)
}

test('a report comes back as it was made, numbers that are none included', async () => {
  const body = `
    const { name, seed } = JSON.parse(process.argv[2])
    process.send({ kind: 'progress', text: name })
    process.send({ kind: 'done', result: { kind: 'spread', report: { seed, runs: [NaN] }, faults: ['f'] } }, () => process.exit())`
  const heard: string[] = []
  const result = await run(doing('done', body), undefined, (text) => heard.push(text))
  expect(result).toEqual({ kind: 'spread', report: { seed: 7, runs: [Number.NaN] }, faults: ['f'] })
  expect(heard).toEqual(['even'])
})

test.each([
  ['throws', `process.send({ kind: 'failed', reason: 'no such program' }, () => process.exit())`, 'no such program'],
  ['crashes', `process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000)`, 'its process ended (SIGSEGV)'],
  ['ends early', 'process.exit(3)', 'its process ended (exit code 3)'],
])('a scenario that %s has failed', async (name, body, words) => {
  await expect(run(doing(name, body))).rejects.toThrow(words)
})

test('one that does not listen is killed', async () => {
  const interruption = new AbortController()
  const body = `process.on('SIGTERM', () => {}); process.send({ kind: 'progress', text: 'busy' }, () => { for (;;); })`
  const busy = run(doing('busy', body), interruption.signal, () => interruption.abort())
  await expect(busy).rejects.toThrow('its process ended (SIGKILL)')
  expect(notes).toEqual(['removed lab all1, which was left behind'])
})
