import { expect, test } from 'vitest'
import { readSources } from './read.ts'

const read = (text: string): ReturnType<typeof readSources> =>
  readSources([{ node: '', files: [{ name: 'x.txt', text }] }])

test('more connections than a call takes arguments', async () => {
  const lines = Array.from({ length: 140_000 }, (_, i) => `10.0.0.${i % 250},web-${i % 3}`)
  const { rows } = await read(`client,pod\n${lines.join('\n')}\n`)
  expect(rows).toHaveLength(140_000)
})

test('lines that nobody knows are told beside tables, too', async () => {
  const { rows, warnings } = await read('NAME   CPU(cores)   MEMORY(bytes)\na      5m           1Mi\nwhat is this?\n')
  expect(rows).toHaveLength(1)
  expect(warnings).toEqual(['x.txt:3: is of no dialect that is known: "what is this?"'])
})

test('an empty file is told beside others, and refused alone', async () => {
  const files = (...texts: readonly string[]): ReturnType<typeof readSources> =>
    readSources([{ node: '', files: texts.map((text, i) => ({ name: `${i}.txt`, text })) }])
  const { rows, warnings } = await files('pod,count\na,1\n', '\n')
  expect({ rows: rows.length, warnings }).toEqual({ rows: 1, warnings: ['1.txt: is empty'] })
  await expect(files('', '')).rejects.toThrow('0.txt: is empty')
})

test('the listing of one node under the name of another is told; objects may be the same', async () => {
  const rules = '*nat\n:PREROUTING ACCEPT [3:180]\n[1:60] -A PREROUTING -j ACCEPT\nCOMMIT\n'
  const group = (node: string): Parameters<typeof readSources>[0][number] => ({
    node,
    files: [
      { name: `${node}/rules`, text: rules },
      { name: `${node}/objects`, text: 'apiVersion: v1\nkind: List\nitems: []\n' },
    ],
  })
  const { warnings } = await readSources([group('a'), group('b')])
  expect(warnings).toEqual(['b/rules (b): is a/rules (a) to the last counter: if it is a copy, all counts twice'])
})
