import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Packet, Trace } from '../../src/model/packet.ts'
import { sameAnswer } from '../../src/inspect/dumps/assume.ts'
import type { DumpFile } from '../../src/inspect/dumps/cutting/parts.ts'
import { readDumpFiles } from '../../src/inspect/dumps/files.ts'
import { readDumps } from '../../src/inspect/dumps/read.ts'
import { surveyNode } from '../../src/inspect/dumps/survey.ts'
import { traceNode } from '../../src/inspect/dumps/trace-node.ts'

interface Corpus {
  readonly files: readonly string[]
  readonly packets: readonly Packet[]
}

const corpora = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => {
    const folder = join(import.meta.dirname, name)
    const { files, packets } = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as Corpus
    return { name, files: files.map((file) => join(folder, file)), packets }
  })

const answers = async (files: readonly DumpFile[], packets: readonly Packet[]): Promise<readonly Trace[]> =>
  packets.map(traceNode(await readDumps(files)))

/** Nothing in them shows that whole lines are missing at the end. */
const isEndless = (text: string): boolean => /^(?:Chain \S+ \(|IP Virtual Server)/m.test(text)

/** Certain, and not said to rest on a part that is missing. */
const isCertain = ({ partial, conditions }: Trace): boolean =>
  !partial && !conditions.some((text) => text.includes('is not in the dump'))

describe.each(corpora)('$name', ({ files, packets }) => {
  test('cut anywhere: no crash, and never a certain answer that the whole dump does not give', {
    timeout: 60_000,
  }, async () => {
    const whole = await readDumpFiles(files)
    const expected = await answers(whole, packets)
    const [first] = whole
    if (first === undefined) throw new Error('no file')
    const runs = fc.asyncProperty(fc.nat(first.text.length), async (length) => {
      if (isEndless(first.text) && first.text[length - 1] === '\n') return
      const found = await answers([{ ...first, text: first.text.slice(0, length) }, ...whole.slice(1)], packets)
      for (const [i, trace] of found.entries()) {
        const right = expected[i] as Trace
        if (isCertain(trace) && isCertain(right) && !sameAnswer(trace, right))
          expect({ length, packet: packets[i], trace }).toEqual({ length, packet: packets[i], trace: right })
      }
    })
    await fc.assert(runs, { numRuns: 12, seed: 5 })
  })

  test('scribbled over: no crash, no endless loop', { timeout: 60_000 }, async () => {
    const whole = await readDumpFiles(files)
    const scribble = fc.record({ at: fc.nat(), text: fc.string({ unit: 'binary', maxLength: 12 }), over: fc.nat(30) })
    const runs = fc.asyncProperty(fc.array(scribble, { maxLength: 6 }), async (scribbles) => {
      const spoilt = whole.map((file) => ({ ...file, text: spoil(file.text, scribbles) }))
      const node = await readDumps(spoilt)
      const trace = traceNode(node)
      for (const packet of packets) trace(packet)
      for (const one of surveyNode(node)) expect(one.frontend).not.toBe('')
    })
    await fc.assert(runs, { numRuns: 6, seed: 5 })
  })
})

const spoil = (text: string, scribbles: readonly { at: number; text: string; over: number }[]): string => {
  let spoilt = text
  for (const { at, text: with_, over } of scribbles) {
    const from = at % (spoilt.length + 1)
    spoilt = spoilt.slice(0, from) + with_ + spoilt.slice(from + over)
  }
  return spoilt
}
