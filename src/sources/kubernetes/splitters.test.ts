import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from './lines.ts'
import { ItemSplitter } from './list-items.ts'
import { objectLimit } from './pieces.ts'

/** The bytes cut at any places. */
const chunked = (text: string, cuts: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text)
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))
}

const linesOf = (chunks: readonly Buffer[]): { lines: string[]; pending: number } => {
  const lines: string[] = []
  const splitter = new LineSplitter((line) => lines.push(line))
  for (const chunk of chunks) splitter.push(chunk)
  return { lines, pending: splitter.pending }
}

const itemsOf = (chunks: readonly Buffer[]): { items: string[]; envelope: unknown } => {
  const items: string[] = []
  const splitter = new ItemSplitter((item) => items.push(item))
  for (const chunk of chunks) splitter.push(chunk)
  return { items, envelope: splitter.end() }
}

const cuts = fc.array(fc.nat(), { maxLength: 12 })

describe('LineSplitter', () => {
  it('answers the same lines wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), cuts, (values, places) => {
        const { lines, pending } = linesOf(chunked(values.map((value) => `${value}\n`).join(''), places))
        expect(lines.map((line) => JSON.parse(line))).toEqual(values.map((value) => JSON.parse(value)))
        expect(pending).toBe(0)
      }),
    )
  })

  it('holds back a line that has no end yet', () => {
    expect(linesOf([Buffer.from('{"a":1}\n\r\n\n{"b"')])).toEqual({ lines: ['{"a":1}'], pending: 4 })
  })

  it('does not gather without limit', () => {
    const chunk = Buffer.alloc(1 << 20, 'x')
    const splitter = new LineSplitter(() => {})
    expect(() => {
      for (let size = 0; size <= objectLimit; size += chunk.length) splitter.push(chunk)
    }).toThrow('an event of more than 32 MiB')
  })
})

describe('ItemSplitter', () => {
  it('finds what JSON.parse finds, wherever the bytes are cut and whatever stands around the items', () => {
    const list = fc.record({
      kind: fc.string(),
      metadata: fc.jsonValue(),
      before: fc.jsonValue(),
      items: fc.array(fc.jsonValue()),
      '"items":[': fc.jsonValue(),
    })
    fc.assert(
      fc.property(list, cuts, fc.constantFrom(undefined, 1, '\t'), (value, places, indent) => {
        const { items, envelope } = itemsOf(chunked(JSON.stringify(value, null, indent), places))
        expect(items.map((item) => JSON.parse(item))).toEqual(JSON.parse(JSON.stringify(value.items)))
        expect(envelope).toEqual(JSON.parse(JSON.stringify({ ...value, items: [] })))
      }),
    )
  })

  it.each([
    ['{"items":[{"a":1}', 'breaks off'],
    ['{"items":[{"a":"', 'breaks off'],
    ['', 'JSON'],
    ['<html>', 'JSON'],
    ['{"items":[]}}', 'JSON'],
    ['{"items":[1}', 'breaks off'],
  ])('refuses %j', (text, message) => {
    expect(() => itemsOf([Buffer.from(text)])).toThrow(message)
  })

  it('takes any bytes without harm', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (chunks) => {
        const splitter = new ItemSplitter(() => {})
        for (const chunk of chunks) splitter.push(Buffer.from(chunk))
        try {
          splitter.end()
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
    )
  })

  it('does not gather without limit', () => {
    const splitter = new ItemSplitter(() => {})
    splitter.push(Buffer.from('{"items":["'))
    const chunk = Buffer.alloc(1 << 20, 'x')
    expect(() => {
      for (let size = 0; size <= objectLimit; size += chunk.length) splitter.push(chunk)
    }).toThrow('an item of more than 32 MiB')
  })
})
