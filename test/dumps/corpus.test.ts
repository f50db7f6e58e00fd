import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatEndpoint } from '../../src/model/address.ts'
import type { Packet } from '../../src/model/packet.ts'
import { readDumpFiles } from '../../src/inspect/dumps/files.ts'
import { readNames } from '../../src/inspect/dumps/names.ts'
import { formatDumpProblem } from '../../src/inspect/dumps/problem.ts'
import { cutDumps, readParts } from '../../src/inspect/dumps/read.ts'
import { surveyNode } from '../../src/inspect/dumps/survey.ts'
import { traceNode } from '../../src/inspect/dumps/trace-node.ts'

/** What `expect.json` beside a dump says. */
interface Expectations {
  readonly about: string
  readonly files: readonly string[]
  /** how many frontends `--all` finds */
  readonly frontends?: number
  /** parts of problems that must be told, with file and line */
  readonly problems?: readonly string[]
  readonly packets: readonly ExpectedPacket[]
}

interface ExpectedPacket extends Packet {
  readonly name: string
  readonly expect: {
    readonly verdict: string
    readonly partial: boolean
    readonly masquerade?: boolean | null
    /** address:port → reduced fraction; all of them */
    readonly backends?: Readonly<Record<string, string>>
    /** address:port → pod, node and zone */
    readonly pods?: Readonly<Record<string, string>>
    /** parts of texts that must be among them */
    readonly unknown?: readonly string[]
    readonly conditions?: readonly string[]
  }
}

const corpora = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())

/** Dumps of clusters that others have built, written after what is published of them. */
describe.each(corpora.map(({ name }) => name))('%s', (name) => {
  const folder = join(import.meta.dirname, name)
  const expectations = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as Expectations
  const read = async () => {
    const cut = cutDumps(await readDumpFiles(expectations.files.map((file) => join(folder, file))))
    const objects = cut.objects.map(({ file, text }) => ({ name: file, content: Buffer.from(text) }))
    return { node: await readParts(cut), names: readNames(objects) }
  }

  test.each(expectations.packets.map((packet) => [packet.name, packet] as const))('%s', async (_, packet) => {
    const { node, names } = await read()
    const { expect: expected, name: _name, ...asked } = packet
    const trace = traceNode(node)(asked)
    const backends = trace.backends.map(({ address, port, probability: { numerator, denominator } }) => [
      formatEndpoint(address, port),
      `${numerator}/${denominator}`,
    ])
    const { verdict, partial, masquerade } = trace
    expect({ verdict, partial, unknown: partial === expected.partial ? [] : trace.unknown }).toEqual({
      verdict: expected.verdict,
      partial: expected.partial,
      unknown: [],
    })
    if (expected.masquerade !== undefined) expect(masquerade).toBe(expected.masquerade)
    if (expected.backends !== undefined) expect(Object.fromEntries(backends)).toEqual(expected.backends)
    for (const [endpoint, text] of Object.entries(expected.pods ?? {})) {
      const backend = trace.backends.find(({ address, port }) => formatEndpoint(address, port) === endpoint)
      const known = names.backends.get(backend?.address ?? '')
      expect(`${known?.pod} ${known?.node} ${known?.zone}`).toBe(text)
    }
    for (const text of expected.unknown ?? []) expect(trace.unknown.join('\n')).toContain(text)
    for (const text of expected.conditions ?? []) expect(trace.conditions.join('\n')).toContain(text)
  })

  test('every frontend is found, and what is wrong is told', async () => {
    const { node } = await read()
    const problems = node.problems.map(formatDumpProblem).join('\n')
    for (const text of expectations.problems ?? []) expect(problems).toContain(text)
    if (expectations.problems === undefined) expect(problems).toBe('')
    const found = Array.from(surveyNode(node), ({ frontend }) => frontend)
    if (expectations.frontends !== undefined) expect(found).toHaveLength(expectations.frontends)
  })
})
