import { expect, test } from 'vitest'
import { readSources } from './read.ts'

const read = (text: string): ReturnType<typeof readSources> =>
  readSources([{ node: '', files: [{ name: 'x.txt', text }] }])

test('more connections than a call takes arguments', async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `10.0.0.${i % 250},web-${i % 3}`)
  const { rows } = await read(`client,pod\n${lines.join('\n')}\n`)
  expect(rows).toHaveLength(200_000)
})

test('lines that nobody knows are told beside tables, too', async () => {
  const { rows, warnings } = await read('NAME   CPU(cores)   MEMORY(bytes)\na      5m           1Mi\nwhat is this?\n')
  expect(rows).toHaveLength(1)
  expect(warnings).toEqual(['x.txt:3: is of no dialect that is known: "what is this?"'])
})
