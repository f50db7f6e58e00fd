import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createProgram } from '../program.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const corpus = fileURLToPath(new URL('../../../test/skew/', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'evenkeel-skew-'))
afterAll(() => rmSync(directory, { recursive: true }))

const skew = (args: readonly string[], stdin = ''): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, 'skew', ...args],
      { cwd: corpus, timeout: 60_000 },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr })
      },
    )
    child.stdin?.end(stdin)
  })

const file = (name: string, content: string): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

describe('counts by hand', () => {
  test('for people', async () => {
    const { code, stdout, stderr } = await skew(['--counts', '38,35,27'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`counts: 100 connections on 3 backends

  BACKEND   COUNT   EXPECTED   LUCK ALLOWS
  pod-0        38       33.3       24 … 43                         ├───────┼───●────┤
  pod-1        35       33.3       24 … 43                         ├───────┼─●──────┤
  pod-2        27       33.3       24 … 43                         ├─●─────┼────────┤

FAIR: luck alone is as uneven once in 2.6 draws (p = 0.379); busiest 1.14 × the mean
`)
  })

  test('-o json: the contract’s keys first; SKEWED exits 1', async () => {
    const { code, stdout } = await skew(['shop/web', '--counts', '60,10,7,3,6,4,10', '-o', 'json'])
    const report = JSON.parse(stdout) as Record<string, unknown>
    expect(code).toBe(1)
    expect(Object.keys(report).join(' ')).toBe(
      'service n k level test statistic p pLower verdict cause maxOverMean cv cvLuck needed backends unit draws nulls notes',
    )
    expect(report).toMatchObject({ service: 'shop/web', n: 100, k: 7, level: 0.05, test: 'chi2', verdict: 'SKEWED' })
    expect((report['backends'] as readonly object[])[0]).toMatchObject({ name: 'pod-0', count: 60 })
  })

  test('the numbers of CLI.md', async () => {
    const { stdout } = await skew(['--counts', '38,35,27', '-o', 'json'])
    const report = JSON.parse(stdout) as Record<string, number>
    const rounded = (key: string): number => Number((report[key] ?? 0).toPrecision(3))
    expect(['statistic', 'p', 'pLower', 'maxOverMean', 'cv', 'cvLuck', 'needed'].map(rounded)).toEqual([
      1.94, 0.379, 0.621, 1.14, 0.139, 0.141, 80,
    ])
  })

  test('as kubectl writes Services and formats', async () => {
    const { stdout } = await skew(['web', '-n', 'shop', '--counts', '38,35,27', '-o', 'yaml'])
    expect(stdout).toMatch(/^service: shop\/web\nn: 100\nk: 3\n/)
    const { stdout: table } = await skew([
      'svc/web',
      '-n',
      'shop',
      '--from',
      'ipvs/ipvsadm.txt',
      '-f',
      'ipvs/objects.yaml',
    ])
    expect(table).toMatch(/^shop\/web:http: 350 connections on 2 backends\n/)
  })

  test('without the header of the table', async () => {
    const { stdout } = await skew(['--counts', '38,35,27', '--no-headers'])
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'counts: 100 connections on 3 backends',
      '',
      expect.stringMatching(/^  pod-0   38   33\.3   24 … 43 /),
    ])
  })

  test('too few: how many more', async () => {
    const { code, stdout } = await skew(['--counts', '4,0'])
    expect(code).toBe(0)
    expect(stdout).toContain('to see a backend that is off by half it takes about 40, 36 more')
  })

  test('a level of one’s own', async () => {
    expect((await skew(['--counts', '38,35,27', '--level', '0.4'])).code).toBe(1)
  })
})

describe('files', () => {
  // 175 each of two is too even alone, but not among three
  test('several Services: a table, or `services`', async () => {
    const { code, stdout } = await skew(['--from', 'ipvs/ipvsadm.txt', '-f', 'ipvs/objects.yaml'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^SERVICE +VERDICT +COUNT +BACKENDS +MAX\/MEAN +P +Q +CAUSE$/m)
    expect(stdout).toMatch(/^shop\/web:http +FAIR +350 +2 +1\.00 .*-$/m)
    expect(stdout).toMatch(/^note: shop\/web:http: 70 connections to 10\.244\.3\.23:8080/m)
    const json = await skew(['-A', '--from', 'tables/map.json', '-o', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ services: [{ service: null, n: 100, verdict: 'FAIR' }] })
  })

  test('stdin', async () => {
    const { stdout, stderr } = await skew(['--from', '-', '-o', 'json'], 'pod,count\nweb-1,13\nweb-2,2\nweb-3,12\n')
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ n: 27, verdict: 'SKEWED' })
  })

  test('CPU as kubectl prints it, and how many connections made it', async () => {
    const top = file('top.txt', `${[977, 995, 585, 993].map((cpu, i) => `pg-${i}   ${cpu}m   22Mi`).join('\n')}\n`)
    const table = file('connections.csv', 'pod,connections\npg-0,5\npg-1,7\npg-2,3\npg-3,9\n')
    const { code, stdout } = await skew(['--from', top, table, '--weight', 'cpu', '-o', 'json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ n: 3550, draws: 24, unit: 'cpu', cause: { code: 'few-connections' } })
  })

  test('--since: what came between two readings', async () => {
    const before = file('before.csv', 'pod,count\nweb-1,100\nweb-2,5\n')
    const after = file('after.csv', 'pod,count\nweb-1,120\nweb-2,30\n')
    const { stdout } = await skew(['--from', after, '--since', before, '-o', 'json'])
    expect(JSON.parse(stdout)).toMatchObject({ n: 45, backends: [{ count: 20 }, { count: 25 }] })
  })

  test('--watch re-reads them until a signal, and tells what changed', async () => {
    const path = file('watched.csv', 'pod,count\nweb-1,100\nweb-2,5\n')
    const child = spawn(process.execPath, [main, 'skew', '--from', path, '-w', '--interval', '100ms', '-o', 'json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const exit = once(child, 'exit')
    const told: unknown[] = []
    for await (const line of createInterface(child.stdout)) {
      told.push(JSON.parse(line))
      if (told.length === 1) writeFileSync(path, 'pod,count\nweb-1,500\nweb-2,25\n')
      else child.kill('SIGINT')
    }
    expect(told).toMatchObject([
      { look: 2, n: 0, verdict: 'NOT-ENOUGH-DATA' },
      { n: 420, verdict: 'SKEWED', backends: [{ count: 400, expected: 210 }, {}] },
    ])
    expect(await exit).toEqual([1, null])
  })
})

const TWICE =
  '[{"service":"a/b","backends":[{"name":"x","count":1}]},{"service":"a/b","backends":[{"name":"x","count":2}]}]'

/** What the command says before it gives up; in this process, as so many would take long. */
const refusal = async (args: readonly string[]): Promise<string> => {
  const told: string[] = []
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told.push(String(text))
    return true
  })
  try {
    const shell = { interrupted: () => new AbortController().signal }
    await createProgram(shell).parseAsync(['skew', ...args], { from: 'user' })
    return ''
  } catch (error) {
    return `${told.join('')}${error instanceof Error ? error.message : ''}`
  } finally {
    stderr.mockRestore()
  }
}

describe('what cannot be judged is refused, and it is said where', () => {
  test('exit 2, and nothing on stdout', async () => {
    const { code, stdout, stderr } = await skew(['--counts', '5,-1'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe('evenkeel: --counts, value 2: must not be negative: -1\n')
  })

  test.each<[string, () => readonly string[], string]>([
    ['nothing', () => [], 'nothing to judge: give --counts'],
    ['no counts', () => ['--counts', ''], '--counts, value 1: must be a number'],
    ['both', () => ['--counts', '1,2', '--from', 'x'], 'give --counts, or files and --live, not both'],
    ['a level', () => ['--counts', '1,2', '--level', '2'], 'must be between 0 and 0.5'],
    ['a unit', () => ['--counts', '1,2', '--weight', 'packets'], 'Allowed choices are connections, bytes'],
    ['a time', () => ['--counts', '1,2', '--at', 'soon'], 'must be a time'],
    ['a Service', () => ['a b', '--from', join(corpus, 'tables/map.json')], 'must be a Service'],
    ['no such file', () => ['--from', 'none.csv'], 'none.csv'],
    ['an empty file', () => ['--from', file('empty.csv', '\n')], 'empty.csv: is empty'],
    ['no counts at all', () => ['--from', file('text.txt', 'hello\nworld\n')], 'text.txt'],
    ['a pod twice', () => ['--from', file('twice.csv', 'pod,count\na,1\na,2\n')], 'twice.csv:3: a is there twice'],
    ['--node-file', () => ['--node-file', 'x'], 'must read NODE=FILE'],
    [
      'stdin twice',
      () => ['--from', '-', '-f', '-'],
      'stdin can be read once only, and - stands in --from and --filename',
    ],
    ['stdin of two nodes', () => ['--node-file', 'a=-', '--node-file', 'b=-'], 'stdin can be read once only'],
    ['stdin then and now', () => ['--from', '-', '--since', '-'], 'stdin can be read once only'],
    ['objects twice', () => ['--from', 'x', '--since', 'y', '-f', '-'], '--since reads the objects twice'],
    ['--watch of stdin', () => ['--from', '-', '-w'], '--watch reads its sources again and again, and stdin'],
    ['a Service twice', () => ['--from', file('twice.json', TWICE)], 'a/b is there twice: which counts are right?'],
    [
      'Services without a name',
      () => ['--from', file('unnamed.json', TWICE.replaceAll('"service":"a/b",', ''))],
      'several counts name no Service',
    ],
    [
      'a namespace of nothing',
      () => ['-n', 'no', '--from', join(corpus, 'ipvs/ipvsadm.txt')],
      'no Service of the namespace no',
    ],
    ['--watch in yaml', () => ['--from', 'x', '-w', '-o', 'yaml'], '--watch prints a table or JSON'],
    ['--watch by hand', () => ['--counts', '1,2', '-w'], '--watch reads again and again'],
    ['--interval', () => ['--from', 'x', '-w', '--interval', 'soon'], 'must be a duration'],
    ['no address', () => ['--from', 'x', '--client', '300.1.1.1'], 'must be an IP address'],
    ['flags of files', () => ['--counts', '1,2', '--of', 'open', '-f', 'x'], '--filename, --of would change nothing'],
    ['flags of --watch', () => ['--from', 'x', '--count', '3'], '--count needs --watch'],
    ['--count', () => ['--from', 'x', '-w', '--count', '0'], 'must be a whole number'],
  ])('%s', async (_, args, message) => {
    expect(await refusal(args())).toContain(message)
  })
})
