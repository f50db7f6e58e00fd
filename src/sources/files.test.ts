import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDocuments } from './documents.ts'
import { type LoadedObjects, loadObjects, readObjectFiles } from './files.ts'

const service = (name: string, port = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {clusterIP: 10.96.0.1, ports: [{port: ${port}}]}\n`
const app = `# an application as people write it
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: server
        ports: [{containerPort: 8080}]
---
${service('web')}`

const services = ({ store }: LoadedObjects): string[] =>
  [...store.snapshot.services()].map(({ name, ports }) => `${name}:${ports[0]?.port}`).sort()

let root: string
const path = (...names: string[]): string => join(root, ...names)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-files-'))
  await mkdir(path('dir', 'deeper'), { recursive: true })
  await mkdir(path('dir', '.hidden'))
  await writeFile(path('app.yaml'), app)
  await writeFile(path('dir', 'b.yaml'), service('b'))
  await writeFile(path('dir', 'a.json'), JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }))
  await writeFile(path('dir', 'deeper', 'c.yml'), service('c'))
  await writeFile(path('dir', 'notes.txt'), 'not: [read')
  await writeFile(path('dir', '.swap.yaml'), 'not: [read')
  await writeFile(path('dir', '.hidden', 'd.yaml'), service('d'))
  await symlink(path('dir'), path('dir', 'deeper', 'loop'))
})
afterAll(() => rm(root, { recursive: true }))

describe('loadObjects', () => {
  it('reads files, whatever they are called, and counts what is not for proxies', async () => {
    await writeFile(path('no-suffix'), service('x'))
    const loaded = await loadObjects([path('app.yaml'), path('no-suffix')])
    expect([services(loaded), loaded.problems, loaded.ignored]).toEqual([['web:80', 'x:80'], [], 1])
  })

  it('reads a directory and those in it, but nothing hidden, and goes around in no circle', async () => {
    const loaded = await loadObjects([path('dir')])
    expect(services(loaded)).toEqual(['a:undefined', 'b:80', 'c:80'])
  })

  it('reads stdin', async () => {
    const stdin = new Blob([service('x')]).stream()
    expect(services(await loadObjects(['-'], stdin))).toEqual(['x:80'])
  })

  it('lets the argument that stands first keep an object', async () => {
    await writeFile(path('z.yaml'), service('b', 81))
    const loaded = await loadObjects([path('z.yaml'), path('dir', 'b.yaml'), path('z.yaml')])
    expect(services(loaded)).toEqual(['b:81'])
    expect(loaded.problems).toMatchObject([{ where: `${path('dir', 'b.yaml')}:1`, object: 'Service default/b' }])
  })

  it('goes on where a file is broken', async () => {
    await writeFile(path('broken.yaml'), 'a: [')
    const loaded = await loadObjects([path('broken.yaml'), path('app.yaml')])
    expect(services(loaded)).toEqual(['web:80'])
    expect(loaded.problems).toMatchObject([{ where: `${path('broken.yaml')}:1` }])
  })

  it('rejects a file that is too large', async () => {
    const large = path('large.yaml')
    await writeFile(large, '')
    await truncate(large, (256 << 20) + 1)
    await expect(loadObjects([large])).rejects.toThrow(`${large}: is larger than 256 MiB: split it`)
    await expect(readObjectFiles([large])).rejects.toThrow(`${large}: is larger than 256 MiB: split it`)
    await rm(large)
  })

  it('rejects what never ends', async () => {
    const zeros = Buffer.alloc(64 << 20)
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield zeros
    }
    await expect(loadObjects(['-'], endless())).rejects.toThrow('stdin: is larger than 256 MiB: split it')
    await expect(readObjectFiles(['-'], endless())).rejects.toThrow('stdin: is larger than 256 MiB: split it')
  })

  it('rejects an argument that is not there', async () => {
    await expect(loadObjects([path('nowhere')])).rejects.toThrow('ENOENT')
  })
})

describe('readDocuments', () => {
  it('gives objects of every kind, with their lines', async () => {
    const { documents, problems } = await readDocuments(path('app.yaml'))
    expect(documents.map(({ value, line }) => `${line} ${(value as { kind: string }).kind}`)).toEqual([
      '3 Deployment',
      '14 Service',
    ])
    expect(problems).toEqual([])
  })
})
