import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { composed } from '../../../../test/support/skew/composed.ts'
import { decoys } from '../../../../test/support/skew/decoys.ts'
import { eighth } from '../../../../test/support/skew/eighth/eighth.ts'
import { fifth } from '../../../../test/support/skew/fifth.ts'
import { fourth } from '../../../../test/support/skew/fourth.ts'
import { heldOut } from '../../../../test/support/skew/held-out.ts'
import { mixtures, type Mixture } from '../../../../test/support/skew/mixtures.ts'
import { purposeBuilt } from '../../../../test/support/skew/purpose-built.ts'
import { sample } from '../../../../test/support/skew/sampler/sample.ts'
import { score } from '../../../../test/support/skew/score.ts'
import { sixth } from '../../../../test/support/skew/sixth.ts'
import { third } from '../../../../test/support/skew/third.ts'
import { judge } from '../judge.ts'
import { causeCodes, causePage, causes, type NamedCause } from './codes.ts'

const long = { timeout: 600_000 }
/** `SEEDS=20` looks at twenty times as many cases. */
const times = Number(process.env.SEEDS ?? 1)
const seedsOf = (count: number): readonly number[] => Array.from({ length: count }, (_, seed) => seed)
describe('data made for each code', () => {
  test.each(Object.keys(purposeBuilt) as NamedCause[])(
    '%s: named right, with numbers, a cure and a page',
    long,
    (code) => {
      const reports = seedsOf(4 * times).map((seed) => judge(purposeBuilt[code](`${code} ${seed}`)).cause)
      const { right, wrong } = score(reports, [code])
      expect(wrong).toEqual([])
      expect(right).toBeGreaterThanOrEqual(Math.floor(0.95 * reports.length))
      const found = reports.find((cause) => cause?.code === code)
      expect(found?.evidence).toMatch(/\d/)
      expect(found?.evidence).not.toMatch(/undefined|NaN|Infinity/)
      expect(found?.cure.length).toBeGreaterThan(20)
      expect(found?.page).toBe(causePage(code))
    },
  )
})

describe('two and three causes at once', () => {
  const table: [string, readonly Mixture[]][] = [
    ['mixtures that were written before the classifier', mixtures],
    ['mixtures that were written after it', heldOut],
    ['situations by somebody who had not read it', third],
    ['and by another', fourth],
    ['and by a third', fifth],
    ['and kept back from those who mended it', sixth],
    ['and by a fourth, who had read the documentation alone', eighth],
  ]
  test.each(table)('%s: at least 95 of 100 right, none wrong', long, (_, all) => {
    const seeds = seedsOf(times)
    const scores = all.map(({ causes, mayAlso, make }, m) =>
      score(
        seeds.map((seed) => judge(make(`${m} ${seed}`)).cause),
        causes,
        mayAlso,
      ),
    )
    expect(scores.flatMap(({ wrong }) => wrong)).toEqual([])
    const right = scores.reduce((sum, each) => sum + each.right, 0)
    expect(right).toBeGreaterThanOrEqual(0.95 * all.length * seeds.length)
  })

  test('composed at random: none wrong', long, () => {
    for (const seed of seedsOf(8 * times)) {
      const { causes, observation } = composed(`composed ${seed}`)
      expect(score([judge(observation).cause], causes).wrong, `seed ${seed}, ${causes.join(' + ')}`).toEqual([])
    }
  })

  test('drawn from the whole space of causes, sizes and evidence: none is wrong and certain', long, () => {
    for (const seed of seedsOf(60 * times)) {
      const { causes, observation } = sample(`test ${seed}`)
      const { cause } = judge(observation)
      const found = score([cause], causes)
      expect(found.certain, `seed ${seed}, ${causes.join(' + ')}: ${found.wrong.join()}`).toBe(0)
    }
  })

  test('uneven for a reason that nobody knows, amid facts to blame: no cause is named', long, () => {
    for (const [d, make] of decoys.entries())
      for (const seed of seedsOf(2 * times)) {
        const { verdict, cause } = judge(make(`decoy ${d} ${seed}`))
        expect(cause?.code ?? 'unexplained').toBe('unexplained')
        expect(['SKEWED', 'FAIR', 'TOO-EVEN', 'NOT-ENOUGH-DATA']).toContain(verdict)
      }
  })
})

describe('pages', () => {
  const folder = new URL('../../../../docs/causes/', import.meta.url)

  it('has one for each code, and no other', () => {
    const pages = readdirSync(folder).filter((name) => name !== 'README.md')
    expect(pages.sort()).toEqual(causeCodes.map((code) => `${code}.md`).sort())
  })

  it.each(causeCodes)('%s: what it is, how it is recognized', (code) => {
    const text = readFileSync(new URL(`${code}.md`, folder), 'utf8')
    expect(text).toMatch(new RegExp(`^# .*: \`${code}\`$`, 'm'))
    expect(text).toContain('**What it is.**')
    expect(text).toContain('**How it is recognized.**')
  })

  it('lists them in order', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8')
    const rows = [...readme.matchAll(/^\| \[`(.+?)`\]\((.+?)\) \| (.+?) \|$/gm)].map(([, code, page, about]) => [
      code,
      page,
      about,
    ])
    expect(rows).toEqual(causeCodes.map((code) => [code, `${code}.md`, causes[code]]))
  })
})
