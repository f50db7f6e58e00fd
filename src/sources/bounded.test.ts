import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, expect, test } from 'vitest'
import { readBounded } from './bounded.ts'

const directory = await mkdtemp(join(tmpdir(), 'evenkeel-bounded-'))
afterAll(() => rm(directory, { recursive: true }))
const options = { limit: 2 << 20, cure: 'cut it' }

test('a file, and stdin, up to the limit', async () => {
  const path = join(directory, 'fits')
  await writeFile(path, Buffer.alloc(2 << 20, 'a'))
  expect((await readBounded(path, options)).length).toBe(2 << 20)
  const stdin = Readable.from([Buffer.from('ab'), Buffer.from('c')])
  expect(String(await readBounded('-', { ...options, stdin }))).toBe('abc')
})

test('what is larger is refused by name: a file, stdin, a device that never ends', async () => {
  const path = join(directory, 'large')
  await writeFile(path, Buffer.alloc((2 << 20) + 1))
  await expect(readBounded(path, options)).rejects.toThrow(`${path}: is larger than 2 MiB: cut it`)
  const stdin = Readable.from([Buffer.alloc(2 << 20), Buffer.from('c')])
  await expect(readBounded('-', { ...options, stdin })).rejects.toThrow('stdin: is larger than 2 MiB: cut it')
  await expect(readBounded('/dev/zero', options)).rejects.toThrow('/dev/zero: is larger than 2 MiB: cut it')
})

test('what is not there is named', async () => {
  await expect(readBounded(join(directory, 'none'), options)).rejects.toThrow('none')
})
