import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { unbalanced } from '../../../test/support/svg.ts'
import { chartSvg } from './chart.ts'
import type { Chart } from './model.ts'
import { colourOf, shapeOf } from './style.ts'

const seconds = Array.from({ length: 61 }, (_, index) => index * 30)
const settling = (life: number) => (at: number) => 1 + Math.exp(-at / life)

const everything: Chart = {
  title: '5 → 10 pods: who gets how much',
  subtitle:
    'connections live 5 minutes on average; 200 runs of each policy, seed 1. A line is the median, its band holds 90 % of the runs',
  description: 'random needs 15 minutes, lc 3.',
  series: ['random', 'lc', 'rr, <shuffled> & "quoted"'],
  band: '5–95 % of 200 runs',
  columns: 2,
  panels: [
    {
      kind: 'lines',
      title: 'the busiest pod over the mean',
      x: { label: 'time after the start', scale: 'time' },
      y: { label: 'max / mean' },
      lines: [
        ...[300, 100, 900].map((life, series) => ({
          series,
          points: seconds.map((at) => [at, settling(life)(at)] as const),
        })),
        {
          series: 0,
          look: 'grey',
          points: [
            [0, 1],
            [1800, 1],
          ],
        },
        {
          series: 1,
          look: 'dashed',
          points: [
            [0, 0.5],
            [600, 0.2],
            [700, Number.NaN],
            [1800, 0.4],
          ],
        },
      ],
      bands: [300, 100, 900].map((life, series) => ({
        series,
        points: seconds.map((at) => [at, settling(life)(at) * 0.93, settling(life)(at) * 1.1] as const),
      })),
      marks: [
        { axis: 'x', at: 300, words: 'scale-up' },
        { axis: 'x', at: 1700, words: 'drain of node-1', series: 2 },
      ],
    },
    {
      kind: 'bars',
      title: 'connections at the end',
      categories: Array.from({ length: 10 }, (_, index) => `pod-${index}`),
      label: 'pods',
      y: { label: 'share', format: (value) => `${Math.round(value * 100)} %` },
      marks: [{ axis: 'y', at: 0.1, words: 'fair' }],
      bars: [0, 1, 2].map((series) => ({
        series,
        values: Array.from({ length: 10 }, (_, index) => {
          const value = 0.1 + (0.05 * Math.sin(index * 3 + series)) / (series + 1)
          return series === 2 && index === 3 ? null : { value, low: value * 0.8, high: value * 1.15 }
        }),
      })),
    },
    {
      kind: 'bars',
      title: 'of 64 pods names are thinned out',
      categories: Array.from({ length: 64 }, (_, index) => `pod-${index}`),
      label: 'pods',
      y: { label: 'connections' },
      bars: [{ series: 1, values: Array.from({ length: 64 }, (_, index) => ({ value: 1000 + (index % 7) * 90 })) }],
    },
    {
      kind: 'lines',
      title: 'decades',
      x: { label: 'connections', scale: 'log' },
      y: { label: 'ms', scale: 'log' },
      lines: [
        {
          series: 2,
          points: [
            [10, 0.3],
            [1_000, 4],
            [100_000, 900],
          ],
        },
      ],
    },
  ],
}

describe('a chart', () => {
  test('is the one that was looked at', async () => {
    await expect(chartSvg(everything)).toMatchFileSnapshot('golden/chart.svg')
  })

  test('is one well-formed drawing that needs nothing else and says what it is', () => {
    const svg = chartSvg(everything)
    expect(unbalanced(svg)).toEqual([])
    expect(svg).not.toMatch(/href|url\(|<script|NaN|Infinity|undefined/)
    expect(svg).toContain('&lt;shuffled&gt; &amp; &quot;quoted&quot;')
    expect(svg).toMatch(/<desc id="(chart-[^"]+-desc)">.*<\/desc>/)
    expect(svg).toContain('prefers-color-scheme:dark')
  })

  test('styles nothing but charts, and has an id of its own, so that many go into one page', () => {
    const style = /<style>(.*)<\/style>/.exec(chartSvg(everything))?.[1] ?? ''
    const selectors = style
      .replaceAll(/@media [^{]*{|{[^}]*}/g, '\n')
      .split('\n')
      .filter((line) => /[a-z]/.test(line))
    expect(selectors.length).toBeGreaterThan(20)
    for (const selector of selectors) expect(selector).toMatch(/^svg\.evenkeel-chart /)
    const ids = [everything, { ...everything, title: 'another' }].map(
      (chart) => /id="([^"]+)"/.exec(chartSvg(chart))?.[1],
    )
    expect(new Set(ids).size).toBe(2)
  })

  test('64 series differ in colour or shape; neighbours in both', () => {
    const looks = Array.from({ length: 64 }, (_, series) => `${colourOf(series)} ${shapeOf(series)}`)
    expect(new Set(looks).size).toBe(64)
    for (let series = 1; series < 64; series++) {
      expect(colourOf(series)).not.toBe(colourOf(series - 1))
      expect(shapeOf(series)).not.toBe(shapeOf(series - 1))
    }
  })

  test.each<[string, Chart['panels']]>([
    ['no panels', []],
    ['no lines', [{ kind: 'lines', title: '', x: { label: '' }, y: { label: '' }, lines: [] }]],
    ['no bars', [{ kind: 'bars', title: '', categories: [], label: '', y: { label: '' }, bars: [] }]],
    [
      'nothing finite',
      [
        {
          kind: 'lines',
          title: '',
          x: { label: '', scale: 'log' },
          y: { label: '', scale: 'log' },
          lines: [
            {
              series: 0,
              points: [
                [0, 0],
                [Number.NaN, 1],
                [1, Infinity],
              ],
            },
          ],
        },
        {
          kind: 'bars',
          title: '',
          categories: ['a'],
          label: '',
          y: { label: '' },
          bars: [{ series: 0, values: [{ value: Number.NaN }] }],
        },
      ],
    ],
  ])('of %s is a drawing all the same', (_, panels) => {
    const svg = chartSvg({ title: '', description: '', series: [], panels })
    expect(unbalanced(svg)).toEqual([])
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('whatever is drawn lies within its panel', () => {
    const value = fc.double({ min: 0, max: 1e12, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 30 }), (given) => {
        const points = given.toSorted(([a], [b]) => a - b)
        const svg = chartSvg({
          title: '',
          description: '',
          series: ['a'],
          panels: [{ kind: 'lines', title: '', x: { label: '' }, y: { label: '' }, lines: [{ series: 0, points }] }],
        })
        const [, left = 0, top = 0, width = 0, height = 0] = (
          /class="frame" x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"/.exec(svg) ?? []
        ).map(Number)
        for (const [, x, y] of svg.matchAll(/(?<=points="[^"]*)(-?[\d.]+),(-?[\d.]+)/g)) {
          expect(Number(x)).toBeGreaterThanOrEqual(left - 0.1)
          expect(Number(x)).toBeLessThanOrEqual(left + width + 0.1)
          expect(Number(y)).toBeGreaterThanOrEqual(top - 0.1)
          expect(Number(y)).toBeLessThanOrEqual(top + height + 0.1)
        }
      }),
    )
  })

  test('characters that XML forbids do not get in', () => {
    const svg = chartSvg({ ...everything, title: 'a\0b\u0008c' })
    expect(svg).toContain('a\uFFFDb\uFFFDc')
  })
})

test('a panel’s title that is too long is broken once, and all panels make room', () => {
  const panel = (title: string) => ({
    kind: 'bars' as const,
    title,
    label: '',
    categories: ['a'],
    y: { label: 'y' },
    bars: [{ series: 0, values: [{ value: 1 }] }],
  })
  const drawn = (...titles: readonly string[]): string =>
    chartSvg({ title: 't', description: '', series: ['s'], panels: titles.map(panel) })
  const long = 'nftables, random, ClientIP, 100 clients behind 2 addresses, and so on and so on and on and on'
  const heightOf = (svg: string): number => Number(/ height="(\d+)"/.exec(svg)?.[1])
  expect(heightOf(drawn('short', long))).toBe(heightOf(drawn('short', 'other')) + 16)
  const strong = Array.from(drawn('short', long).matchAll(/class="strong"[^>]*>([^<]*)</g), ([, words]) => words)
  expect(strong).toEqual([
    'short',
    'nftables, random, ClientIP, 100 clients',
    expect.stringMatching(/^behind 2 addresses.*…$/),
  ])
})
