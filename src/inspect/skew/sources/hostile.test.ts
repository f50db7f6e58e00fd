import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readNames } from '../../dumps/names.ts'
import { observeNodes } from './from-nodes.ts'
import { readNode } from './node-reading.ts'
import { readSources } from './read.ts'
import { observeTables, unitOf } from './table-observation.ts'

const corpus = fileURLToPath(new URL('../../../../test/skew/', import.meta.url))
const files = readdirSync(corpus, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/expect\.json|\.ts$|\.yaml$/.test(entry.name))
  .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))

test('there are files to spoil', () => {
  expect(files.length).toBeGreaterThan(20)
})

/** An error that a person can act on names the file; a mistake of ours is of another kind. */
const survives = async (text: string): Promise<void> => {
  try {
    const { nodes, rows } = await readSources([{ node: 'a', files: [{ name: 'hostile.txt', text }] }])
    const names = readNames([])
    const readings = nodes.map((node) => readNode(node, names))
    const observed = observeNodes(readings, names, { unit: 'connections', at: null })
    const tables = rows.length === 0 ? [] : observeTables(rows, unitOf(rows, undefined))
    for (const { observation } of [...observed, ...tables])
      for (const { count } of observation.backends) expect(count).toBeGreaterThanOrEqual(0)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    const { name, message } = error as Error
    expect({ name, message }).toEqual({ name: 'Error', message: expect.stringContaining('hostile.txt') })
  }
}

test('listings cut, doubled and spoiled anywhere: a result or an error that names the file', async () => {
  const spoiled = fc.record({
    file: fc.nat({ max: files.length - 1 }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 200 }),
    instead: fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('', '-1', '1e999', 'NaN', '\0', '\n', '"', '{', '[', ',', ' 0 ', '99999999999999999999', '::1'),
    ),
  })
  await fc.assert(
    fc.asyncProperty(spoiled, async ({ file, from, length, instead }) => {
      const text = files[file] ?? ''
      const at = Math.floor(from * text.length)
      await survives(text.slice(0, at) + instead + text.slice(at + length))
    }),
    { numRuns: 300, seed: 6 },
  )
})

test('any text', async () => {
  await fc.assert(fc.asyncProperty(fc.string({ maxLength: 300 }), survives), { numRuns: 300, seed: 7 })
})
