import { mkdir, mkdtemp, open, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silent } from '../util/log.ts'
import { type Manifests, type ManifestsOptions, openManifests } from './manifests.ts'
import { Store } from './store.ts'

const service = (name: string, port = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {clusterIP: 10.96.0.1, ports: [{port: ${port}}]}\n`

let root: string
let ending: AbortController
let store: Store
let opened: Manifests[]
let reports: string[][]

const path = (...names: string[]): string => join(root, 'manifests', ...names)

const start = (options: Partial<ManifestsOptions> = {}): Manifests => {
  const manifests = openManifests(path(), store, {
    signal: ending.signal,
    log: silent,
    onProblems: (problems) =>
      reports.push(problems.map(({ where, message }) => `${where.slice(path().length)}: ${message}`)),
    quietMs: 10,
    ...options,
  })
  opened.push(manifests)
  return manifests
}

const services = (): string[] =>
  [...store.snapshot.services()].map(({ name, ports }) => `${name}:${ports[0]?.port}`).sort()
const become = (...expected: string[]): Promise<void> =>
  vi.waitFor(() => expect(services()).toEqual(expected), { timeout: 4000, interval: 5 })
const reported = (...expected: unknown[]): Promise<void> =>
  vi.waitFor(() => expect(reports.at(-1)).toEqual(expected), { timeout: 4000, interval: 5 })

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-manifests-'))
  await mkdir(path())
  ending = new AbortController()
  store = new Store()
  opened = []
  reports = []
})

afterEach(async () => {
  ending.abort()
  await Promise.all(opened.map(({ closed }) => closed))
  await rm(root, { recursive: true })
})

describe('at the start', () => {
  it('all files are read, in one change, before it is in sync', async () => {
    await mkdir(path('deeper'))
    for (const name of ['a', 'b', 'c']) await writeFile(path(`${name}.yaml`), service(name))
    await writeFile(
      path('deeper', 'd.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'd' } }),
    )
    await writeFile(path('.hidden.yaml'), 'a: [')
    await writeFile(path('notes.txt'), 'a: [')
    await utimes(path('b.yaml'), 3_000_000_000, 3_000_000_000)
    const changed = vi.fn<() => void>()
    store.subscribe(changed)
    const { synced, problems, status } = start()
    await synced
    expect(services()).toEqual(['a:80', 'b:80', 'c:80'])
    expect(store.snapshot.node('d')).toBeDefined()
    expect(changed).toHaveBeenCalledOnce()
    expect(problems()).toEqual([])
    expect(status().modified).toBe(3_000_000_000_000)
  })

  it('an empty directory is in sync', async () => {
    const { synced, status } = start()
    await synced
    expect(status().modified).toBe(0)
  })

  it('a broken file is reported, and the others go on', async () => {
    await writeFile(path('a.yaml'), `${service('a')}---\nspec: [`)
    await writeFile(path('b.yaml'), service('b'))
    await start().synced
    expect(services()).toEqual(['a:80', 'b:80'])
    await reported(expect.stringMatching(/^\/a\.yaml:6: is not YAML .* nothing of it is used$/))
  })

  it('nothing is in sync while the directory is missing, and is when that has come', async () => {
    await rm(path(), { recursive: true })
    const { synced } = start({ pollMs: 50 })
    await reported(': cannot be read: ENOENT (no such file or directory); what it said before stays in force')
    const early = await Promise.race([synced.then(() => 'in sync'), sleep(100, 'waiting')])
    expect(early).toBe('waiting')
    await mkdir(path())
    await writeFile(path('a.yaml'), service('a'))
    await synced
    expect(services()).toEqual(['a:80'])
    await reported()
  })

  it('an end before the first read is told to who waits for it', async () => {
    await rm(path(), { recursive: true })
    const { synced, closed } = start()
    ending.abort(new Error('stopped'))
    await expect(synced).rejects.toThrow('stopped')
    await closed
  })
})

describe.each([
  ['events', {}],
  ['the poll alone', { pollMs: 25, watch: false }],
  ['both at once', { pollMs: 25 }],
] as const)('afterwards, by %s', (means, options) => {
  beforeEach(async () => {
    await writeFile(path('a.yaml'), service('a'))
    await start(options).synced
  })

  it('files come, change and go', async () => {
    await writeFile(path('b.yaml'), service('b'))
    await become('a:80', 'b:80')
    await writeFile(path('a.yaml'), service('a', 81))
    await become('a:81', 'b:80')
    await rm(path('b.yaml'))
    await become('a:81')
  })

  it('a file is replaced by a rename', async () => {
    await writeFile(path('.a.yaml.new'), service('a', 81))
    await rename(path('.a.yaml.new'), path('a.yaml'))
    await become('a:81')
    await rename(path('a.yaml'), path('b.yaml'))
    await writeFile(path('a.yaml'), service('x'))
    await become('a:81', 'x:80')
  })

  it('a broken file keeps what it said, until it is whole again', async () => {
    await writeFile(path('a.yaml'), `${service('a', 81)}---\nx: [`)
    await reported(expect.stringMatching(/^\/a\.yaml:6: is not YAML .* what it said before stays in force$/))
    expect(services()).toEqual(['a:80'])
    await writeFile(path('a.yaml'), service('a', 82))
    await become('a:82')
    await reported()
  })

  it('a file that is being written is taken when it is whole', async () => {
    const list = (port: number): string =>
      JSON.stringify({
        kind: 'List',
        items: ['b', 'c'].map((name) => ({
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name },
          spec: { ports: [{ port }] },
        })),
      })
    await writeFile(path('b.json'), list(80))
    await become('a:80', 'b:80', 'c:80')
    const seen = new Set<string>()
    store.subscribe(() => seen.add(services().join()))
    const file = await open(path('b.json'), 'w')
    for (const piece of list(81).match(/.{1,10}/g) ?? []) {
      await file.write(piece)
      await sleep(3)
    }
    await file.close()
    await become('a:80', 'b:81', 'c:81')
    expect([...seen]).toEqual(['a:80,b:81,c:81'])
  })

  it('an object of two files is the first ones, and the second is reported', async () => {
    await writeFile(path('b.yaml'), service('a', 81))
    await reported(expect.stringContaining(`/b.yaml:1: is defined already at ${path('a.yaml')}:1`))
    expect(services()).toEqual(['a:80'])
    await rm(path('a.yaml'))
    await become('a:81')
    await reported()
  })

  it('directories come and go', async () => {
    await mkdir(path('new', 'deeper'), { recursive: true })
    await writeFile(path('new', 'deeper', 'b.yaml'), service('b'))
    await become('a:80', 'b:80')
    await writeFile(path('new', 'c.yaml'), service('c'))
    await become('a:80', 'b:80', 'c:80')
    await rm(path('new'), { recursive: true })
    await become('a:80')
  })

  it('a mounted ConfigMap is swapped as Kubernetes does it', async () => {
    const mount = async (version: string, port: number): Promise<void> => {
      await mkdir(path(`..${version}`))
      await writeFile(path(`..${version}`, 'web.yaml'), service('web', port))
      await symlink(`..${version}`, path('..data_tmp'))
      await rename(path('..data_tmp'), path('..data'))
    }
    await mount('2026_1', 80)
    await symlink('..data/web.yaml', path('web.yaml'))
    await become('a:80', 'web:80')
    await mount('2026_2', 81)
    await become('a:80', 'web:81')
    for (let i = 3; i < 20; i++) await mount(`2026_${i}`, 80 + i)
    await become('a:80', 'web:99')
    await rm(path('..2026_1'), { recursive: true })
    await writeFile(path('z.yaml'), service('z'))
    await become('a:80', 'web:99', 'z:80')
  })

  it('a link to nothing keeps what it said', async () => {
    await writeFile(join(root, 'elsewhere.yaml'), service('b'))
    await symlink(join(root, 'elsewhere.yaml'), path('b.yaml'))
    await become('a:80', 'b:80')
    await rename(join(root, 'elsewhere.yaml'), join(root, 'away.yaml'))
    await writeFile(path('c.yaml'), service('c'))
    await become('a:80', 'b:80', 'c:80')
    if (means !== 'events') {
      await reported('/b.yaml: cannot be read: ENOENT (no such file or directory); what it said before stays in force')
      await rename(join(root, 'away.yaml'), join(root, 'elsewhere.yaml'))
      await reported()
    }
  })

  it('nothing is lost when the directory is moved away, and it is read again when it is back', async () => {
    await rename(path(), join(root, 'away'))
    if (means === 'events') await sleep(50)
    else await reported(': cannot be read: ENOENT (no such file or directory); what it said before stays in force')
    expect(services()).toEqual(['a:80'])
    await writeFile(join(root, 'away', 'b.yaml'), service('b'))
    await rename(join(root, 'away'), path())
    if (means !== 'events') await become('a:80', 'b:80')
  })

  it('a file that cannot be read keeps what it said', async () => {
    // root may read everything but a link to itself
    await symlink('a.yaml', path('.new'))
    await rename(path('.new'), path('a.yaml'))
    await reported(
      '/a.yaml: cannot be read: ELOOP (too many symbolic links encountered); what it said before stays in force',
    )
    expect(services()).toEqual(['a:80'])
    await writeFile(path('.new'), service('a', 81))
    await rename(path('.new'), path('a.yaml'))
    await become('a:81')
    await reported()
  })

  it('only files that changed are read again', async () => {
    await writeFile(path('b.yaml'), service('b'))
    await become('a:80', 'b:80')
    const before = store.snapshot.service('default/a')
    await writeFile(path('b.yaml'), service('b', 81))
    await become('a:80', 'b:81')
    expect(store.snapshot.service('default/a')).toBe(before)
  })
})

it('hundreds of files that change at once are few changes of the store', async () => {
  for (let i = 0; i < 300; i++) await writeFile(path(`${i}.yaml`), service(`s${i}`))
  await start().synced
  const changed = vi.fn<() => void>()
  store.subscribe(changed)
  await Promise.all(Array.from({ length: 300 }, (_, i) => writeFile(path(`${i}.yaml`), service(`s${i}`, 81))))
  await vi.waitFor(() => expect(new Set(services().map((text) => text.split(':')[1]))).toEqual(new Set(['81'])), {
    timeout: 4000,
  })
  expect(changed.mock.calls.length).toBeLessThan(30)
})
