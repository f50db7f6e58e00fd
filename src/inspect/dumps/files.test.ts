import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { readDumpFiles } from './files.ts'

const directory = await mkdtemp(join(tmpdir(), 'evenkeel-dumps-'))
const path = (...names: readonly string[]): string => join(directory, ...names)
afterAll(() => rm(directory, { recursive: true }))

test('the files of a directory, unpacked, without those that are hidden', async () => {
  await mkdir(path('node'))
  await writeFile(path('node', 'b.gz'), gzipSync('two\r\n'))
  await writeFile(path('node', 'a'), Buffer.from('\uFEFFone\n'))
  await writeFile(path('node', '.hidden'), 'x')
  expect((await readDumpFiles([path('node')])).map(({ text }) => text)).toEqual(['one\n', 'two\n'])
})

test('a directory without files is an error: nothing below it is read', async () => {
  await mkdir(path('all', 'node-a'), { recursive: true })
  await expect(readDumpFiles([path('all', 'node-a')])).rejects.toThrow(/node-a: has no files$/)
  await expect(readDumpFiles([path('all')])).rejects.toThrow(
    /all: has no files, only directories \(node-a\), which are not searched: name them/,
  )
})
