import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readyScenarios } from '../../simulate/ready/index.ts'
import { candidates } from '../complete.ts'
import { createProgram, main } from '../program.ts'
import { register } from './simulate.ts'
import { wrapped } from '../text/wrapped.ts'

const root = resolve(import.meta.dirname, '../../..')
let folder = ''
beforeAll(async () => {
  // each `main` listens for a reader of stdout that goes
  process.stdout.setMaxListeners(100)
  folder = await mkdtemp(join(tmpdir(), 'simulate-'))
  await writeFile(join(folder, 'bad.yaml'), small.replace('pods: 3', 'pods: 1e12'))
  await writeFile(join(folder, 'large.yaml'), '')
  await truncate(join(folder, 'large.yaml'), (256 << 20) + 1)
  await writeFile(join(folder, 'deep.yaml'), `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** In this process: what it prints and its exit code. */
const evenkeel = async (...args: readonly string[]): Promise<Ended> => {
  const printed = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
      printed[stream] += chunk.toString()
      return true
    }),
  )
  try {
    await main(args)
    return { code: Number(process.exitCode ?? 0), ...printed }
  } finally {
    process.exitCode = undefined
    for (const spy of spies) spy.mockRestore()
  }
}

const small = `apiVersion: evenkeel.io/v1alpha1
kind: Scenario
duration: 1m
nodes: 2
pods: 3
clients: {count: 5, connections: 2, life: {exponential: 10s}}
compare: [nft-random, ipvs-lc]
`

/** Every file of src/ that a file imports, by whatever way. */
const importsOf = async (file: string, seen = new Set<string>()): Promise<ReadonlySet<string>> => {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = await readFile(file, 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, specifier = '']) => specifier)
  for (const specifier of specifiers) {
    if (!specifier.startsWith('.')) seen.add(specifier)
    else if (specifier.endsWith('.ts')) await importsOf(join(dirname(file), specifier), seen)
  }
  return seen
}

describe('evenkeel simulate', () => {
  test('needs neither a kernel nor Linux: nothing of src/kernel and no native module is imported', async () => {
    const seen = await importsOf(join(root, 'src/cli/simulate/simulate.ts'))
    const all = [...(await importsOf(join(root, 'src/simulate/worker.ts'), new Set(seen)))].map((file) =>
      file.replace(`${root}/`, ''),
    )
    expect(all).toContain('src/simulate/engine/run.ts')
    expect(all.filter((file) => /^src\/(kernel|lab|agent)\/|koffi|child_process/.test(file))).toEqual([])
  })

  test('prints the same bytes twice, and on none, 1 and 2 threads', async () => {
    const file = join(folder, 'small.yaml')
    await writeFile(file, small)
    const run = (...more: readonly string[]) =>
      evenkeel('simulate', file, '--runs', '40', '--seed', 'x', '-o', 'json', ...more)
    const ended = [
      await run(),
      await run(),
      await run('--threads', '0'),
      await run('--threads', '1'),
      await run('--threads', '2'),
    ]
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    expect(new Set(ended.map(({ stdout }) => stdout)).size).toBe(1)
    const report = JSON.parse(ended[0]?.stdout ?? '') as {
      readonly scenario: string
      readonly outcomes: readonly { readonly policy: string }[]
    }
    expect(report.scenario).toBe('small')
    expect(report.outcomes.map(({ policy }) => policy)).toEqual(['nft-random', 'ipvs-lc'])
    expect((await run('--seed', 'y')).stdout).not.toBe(ended[0]?.stdout)
  })

  test('a table for people, a chart for people and one into a file', async () => {
    const table = await evenkeel('simulate', 'few-connections', '--runs', '50', '--chart', join(folder, 'few.svg'))
    expect(table.stdout).toMatch(/^few-connections: 50 runs of 1m of each of 4 policies, seed 1\n/)
    expect(table.stdout).toMatch(/\nnft-rr \* +1\.00 /)
    expect(table.stdout).toMatch(
      /\nTake nft-rr: the busiest pod has on average 1\.00 times the\s+mean; with\s+nft-random/,
    )
    const svg = await evenkeel('simulate', 'few-connections', '--runs', '50', '-o', 'svg')
    expect(svg.stdout).toMatch(/^<svg /)
    expect(await readFile(join(folder, 'few.svg'), 'utf8')).toBe(svg.stdout)
  })

  test('one policy alone: its pods', async () => {
    const { stdout } = await evenkeel(
      'simulate',
      'few-connections',
      '--runs',
      '20',
      '--policy',
      'nft-rr',
      '--set',
      'pods=2',
    )
    expect(stdout).toMatch(/\nPOD +NODE +5% +SHARE OF OPEN +95%\npod-0 +node-0 +50\.0% +50\.0% +50\.0%\n/)
  })

  test('--list names them all; --print gives a file that can be used', async () => {
    const { stdout } = await evenkeel('simulate', '--list')
    for (const { name } of readyScenarios) expect(stdout).toContain(`\n${name} `)
    const printed = await evenkeel('simulate', '--print', 'scale-up')
    await writeFile(join(folder, 'mine.yaml'), printed.stdout)
    expect((await evenkeel('simulate', join(folder, 'mine.yaml'), '--runs', '2')).code).toBe(0)
  })

  test.each([
    [['simulate'], /needs a file or a scenario: few-connections, /],
    [['simulate', '--list', 'scale-up', '--seed', '2'], /--list takes no --seed, scale-up/],
    [['simulate', '--print', 'scale-up', '--set', 'pods=3', '-o', 'json'], /--print takes no --set, --output/],
    [['simulate', 'nothing'], /nothing: cannot be read; ready scenarios are few-connections, .*\n.*ENOENT/],
    [['simulate', 'BAD'], /problem: .*bad\.yaml:5: pods: must be a whole number 1 … 10,000, not 1000000000000\n/],
    [['simulate', 'scale-up', '--set', 'pods=0'], /problem: --set pods=0: pods: must be a whole number/],
    [['simulate', 'scale-up', '--compare', 'nft-rr,foo'], /problem: --compare foo: scheduler: must be one of /],
    [['simulate', 'scale-up', '--compare', 'nft-rr,'], /--compare.*There is nothing between two commas/],
    [['simulate', 'scale-up', '--policy', 'nft-rr', '--compare', 'nft-rr'], /--policy takes one policy alone/],
    [['simulate', 'scale-up', '--runs', '0'], /--runs.*It must be a whole number 1 to 1000000/],
    [
      ['simulate', 'scale-up', '--set', 'clients.life.exponential=1s', '--set', 'duration=1e8', '--set', 'sample=1e7'],
      /scale-up: about .* connection events .*--max-events \d+/,
    ],
    [
      ['simulate', 'scale-up', '--set', 'clients.count=1000000', '--set', 'clients.connections=1000'],
      /scale-up: about 1 billion connections would be open at a time, at most 5 million fit/,
    ],
    [
      ['simulate', 'scale-up', '--set', 'duration=1e9', '--set', 'sample=1'],
      /problem: --set sample=1: sample: is too short for the duration/,
    ],
    [['simulate', 'scale-up', '--set', 'sample=1', '--runs', '100000'], /scale-up: .* values to be kept/],
    [['simulate', '/dev/null'], /\/dev\/null: is empty/],
    [['simulate', 'LARGE'], /large\.yaml: cannot be read\n.*is larger than 256 MiB: no scenario is so long/],
    [['simulate', 'DEEP'], /problem: .*deep\.yaml:1: is nested deeper than 100/],
    [
      ['simulate', 'scale-up', '--chart', '/nowhere/x.svg'],
      /^evenkeel: --chart \/nowhere\/x\.svg: cannot be written\n/,
    ],
    [['simulate', 'scale-up', '--chart', '/tmp'], /^evenkeel: --chart \/tmp: is a directory, and must be a file\n/],
  ])('%j: exit 2, and says why', async (args, message) => {
    const { code, stdout, stderr } = await evenkeel(
      ...args.map((word) => (/^[A-Z]+$/.test(word) ? join(folder, `${word.toLowerCase()}.yaml`) : word)),
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('completion knows the scenarios, the schedulers and the flags', () => {
    const shell = { interrupted: () => new AbortController().signal }
    const program = createProgram(shell)
    const command = program.commands.find((one) => one.name() === 'simulate')
    if (command === undefined) throw new Error('there is no command simulate')
    register(command)
    const words = (...typed: readonly string[]) => candidates(program, ['simulate', ...typed]).map(({ word }) => word)
    expect(words('roll')).toEqual(['rolling-update'])
    expect(words('scale-up', '--compare', 'ipvs-l')).toEqual(['ipvs-lc'])
    expect(words('--c')).toEqual(['--compare', '--chart'])
  })
})

test('long text is wrapped at words', () => {
  expect(wrapped('')).toBe('')
  const lines = wrapped('word '.repeat(50), '  ').split('\n').slice(0, -1)
  expect(lines.length).toBeGreaterThan(2)
  for (const line of lines) expect(line).toMatch(/^ {2}word( word)*$/)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  expect(wrapped('x'.repeat(300))).toBe(`${'x'.repeat(300)}\n`)
})
