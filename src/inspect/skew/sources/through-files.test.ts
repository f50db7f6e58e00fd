import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { printed, throughFiles } from '../../../../test/support/skew/files/through-files.ts'
import { mixtures } from '../../../../test/support/skew/mixtures.ts'
import { purposeBuilt } from '../../../../test/support/skew/purpose-built.ts'
import { score } from '../../../../test/support/skew/score.ts'
import type { NamedCause } from '../causes/codes.ts'
import { judge } from '../judge.ts'
import type { Observation } from '../observation.ts'

const long = { timeout: 300_000 }
/** every second one: `npm run bench -- causes` looks at all */
const some = mixtures.filter((_, m) => m % 2 === 0)

// that listings of two nodes are alike is told, and here they may be
beforeAll(() => vi.spyOn(process.stderr, 'write').mockReturnValue(true))
afterAll(() => vi.restoreAllMocks())

/** Through files of real tools nobody knows more than before, and mostly as much. */
describe('what is observed, printed as files of real tools and read back', () => {
  test('of one node’s rules: the same counts and odds', async () => {
    const observation: Observation = {
      service: 'default/web',
      unit: 'connections',
      backends: [3, 5, 8].map((count, i) => ({ name: `default/web-${i}`, count, ready: true, node: 'node-0' })),
      nodes: [{ node: 'node-0', counts: [3, 5, 8], odds: [1, 1, 1] }],
      facts: { counted: 'opened', internalTrafficPolicy: 'Cluster', at: 1000 },
    }
    const texts = printed(observation).files.map(({ text }) => text.split('\n', 1)[0])
    expect(texts).toEqual(['*nat'])
    const [read] = await throughFiles(observation)
    expect(read?.observation.backends.map(({ name, count }) => [name, count])).toEqual([
      ['default/web-0', 3],
      ['default/web-1', 5],
      ['default/web-2', 8],
    ])
    expect(read?.observation.nodes?.[0]?.counts).toEqual([3, 5, 8])
    expect(read?.observation.facts).toMatchObject({ scheduler: 'random', counted: 'opened', topologyHints: false })
  })

  const codes = Object.keys(purposeBuilt) as NamedCause[]
  test.each(codes)('data made for %s: no other cause is named', long, async (code) => {
    const [read] = await throughFiles(purposeBuilt[code](`files ${code}`))
    expect(score([read === undefined ? null : judge(read.observation).cause], [code]).wrong).toEqual([])
  })

  test('mixtures: at least eight in ten right, none wrong', long, async () => {
    const found = []
    for (const [m, { causes, make }] of some.entries()) {
      const [read] = await throughFiles(make(`${m} 0`))
      found.push(score([read === undefined ? null : judge(read.observation).cause], causes))
    }
    expect(found.flatMap(({ wrong }) => wrong)).toEqual([])
    expect(found.reduce((sum, { right }) => sum + right, 0)).toBeGreaterThanOrEqual(0.8 * some.length)
  })
})
