import { expect, test } from 'vitest'
import type { ImbalanceReport, ImbalanceRun } from '../../imbalance/report.ts'
import type { LabReport, RunReport } from '../../report.ts'
import type { ScaleReport } from '../../scale/report.ts'
import type { WalkthroughReport } from '../../walkthrough/report.ts'
import type { AllReport, PartResult } from '../report.ts'
import { pageOf } from './page.ts'

/** What somebody may call a pod, a Service, a node; and what an error may say. */
const hostile = [
  '</title></svg><script>alert(1)</script>',
  `"><img src=x onerror='alert(2)'>`,
  '--><style>*{display:none}</style>',
  '</td></table><a href="https://evil.example/">',
  'a\u202Eb\0c]]>',
] as const
const [script, image, style, link, control] = hostile

const run: RunReport = {
  plane: 'nftables',
  scheduler: script,
  service: image,
  connections: 10,
  failures: 1,
  errors: { [style]: 1 },
  slowestMillis: 1,
  backends: hostile.map((name) => ({
    name,
    node: name,
    address: name,
    connections: 2,
    requests: 2,
    cpuMillis: 1,
    expected: 2,
  })),
  maxOverMean: 1,
  cv: 0,
  p: 1,
  pLower: 0,
  verdict: 'FAIR',
}
const skipped = [{ plane: script, scheduler: link, reason: style }]
const node = { kernel: script }
const spread: LabReport = { scenario: script, seed: 1, node, runs: [run], skipped }
const walkthrough: WalkthroughReport = {
  scenario: 'walkthrough',
  seed: 1,
  node,
  runs: [
    {
      plane: 'nftables',
      pods: 2,
      command: script,
      from: image,
      to: link,
      rules: [{ table: script, chain: image, rule: style, packets: { before: 1, after: 2 } }],
      connections: 10,
      failures: 0,
      backends: hostile.map((name) => ({
        name,
        address: name,
        probability: name,
        share: 0.5,
        promised: 5,
        connections: 5,
        counted: 5,
      })),
      p: 1,
      pLower: 1,
      verdict: 'FAIR',
    },
  ],
  skipped,
}
const imbalanceRun: ImbalanceRun = {
  ...run,
  variant: image,
  repetition: 1,
  claimed: link,
  predicted: hostile.map((name) => ({
    name,
    unit: style,
    value: 3,
    low: Number.NaN,
    median: 2,
    high: 5,
    inside: false,
  })),
  insideBand: false,
  bandP: 0.01,
  bandHolds: 0.95,
  bandRank: 0.01,
  skew: null,
  series: [
    {
      name: script,
      unit: control,
      points: [
        [0, 1],
        [1, 2],
      ],
      predicted: [[0, 0, 1, 2]],
    },
  ],
  facts: { [script]: link },
  notes: [style],
}
const imbalance: ImbalanceReport = {
  ...spread,
  summary: script,
  claims: [{ text: script, source: 'https://github.com/example/issues/1"><script>', numbers: [1, 2], unit: link }],
  runs: [imbalanceRun, { ...imbalanceRun, repetition: 2 }],
  bands: [{ plane: script, scheduler: image, runs: 2, inside: 0, least: 1, chance: 0.9975, ranksP: 0.1 }],
  series: { runs: 2, inside: 0, least: 1, chance: 0.9975, ranksP: 0.1 },
  tables: [{ title: script, header: [image, link], rows: [[style, 1.5]] }],
  findings: [script],
}
const scale: ScaleReport = {
  scenario: 'scale',
  node,
  runs: [
    {
      plane: 'nftables',
      services: 100,
      endpoints: 10,
      rules: 5,
      fullSyncMs: 1,
      changeMs: { p50: 1, p99: 2 },
      connectMicros: { direct: 1, first: 1, middle: 1, last: 1 },
    },
  ],
  verdicts: [{ plane: 'nftables', growth: { kind: null, microsPerThousand: 0, doublesAt: null } }],
  skipped: [{ ...skipped[0], reason: link, services: 1_000 }],
}

const part = (name: string, outcome: PartResult['outcome']): PartResult => ({ name, summary: name, outcome })
const done = { state: 'done', seconds: 1, faults: [script] } as const
const report: AllReport = {
  scenario: 'all',
  seed: 1,
  node,
  parameters: { version: script, kernel: image, planes: [link], seed: 1, level: 0.05, repeat: 2 },
  parts: [
    part(script, { ...done, kind: 'spread', report: spread }),
    part(image, { ...done, kind: 'walkthrough', report: walkthrough }),
    part(style, { ...done, kind: 'imbalance', report: imbalance }),
    part(link, { ...done, kind: 'scale', report: scale }),
    part(control, { state: 'failed', seconds: 1, reason: script }),
    part('later', { state: 'left out', reason: link }),
    part('empty', { ...done, faults: [], kind: 'spread', report: { ...spread, runs: [] } }),
  ],
}

/** Of all elements, and every attribute that they may have. None of them leads out of the page or runs anything. */
const elements =
  'html head meta title style body header main h1 h2 h3 p div span a section table caption thead tbody tr th td blockquote cite ul li figure details summary ' +
  'svg desc rect line text polyline polygon path circle g'
const attributes =
  'lang charset http-equiv content name class id href xmlns viewBox width height role aria-labelledby x y x1 x2 y1 y2 cx cy r d points transform text-anchor'
const tag = /^<\/?([a-zA-Z0-9]+)((?:\s+[a-zA-Z0-9-]+="[^"<>]*")*)\s*\/?>/

/** Every `<` begins a tag that the page may have. */
const tagsOf = (page: string): readonly { readonly name: string; readonly attributes: ReadonlyMap<string, string> }[] =>
  page
    .replace('<!doctype html>', '')
    .split(/(?=<)/)
    .slice(1)
    .map((piece) => {
      const found = tag.exec(piece)
      if (found === null) throw new Error(`no tag: ${piece.slice(0, 80)}`)
      const pairs = Array.from((found[2] ?? '').matchAll(/([a-zA-Z0-9-]+)="([^"]*)"/g), ([, name, value]) => [
        name,
        value,
      ])
      return { name: found[1] ?? '', attributes: new Map(pairs as [string, string][]) }
    })

/** As it comes out of the state of an earlier run, where what is no number became null. */
const stored = (one: AllReport): AllReport => JSON.parse(JSON.stringify(one)) as AllReport

test.each([
  ['as it was measured', report],
  ['out of a state', stored(report)],
])('names of any kind are text in it, and it refers to nothing outside: %s', (_, one) => {
  const page = pageOf(one, '2026-11-21')
  const known = new Set(elements.split(' '))
  const allowed = new Set(attributes.split(' '))
  for (const { name, attributes: own } of tagsOf(page)) {
    expect([name, known.has(name)]).toEqual([name, true])
    for (const [attribute, value] of own) {
      expect([name, attribute, allowed.has(attribute)]).toEqual([name, attribute, true])
      if (attribute === 'href') expect(value).toMatch(/^#scenario-\d+$/)
    }
  }
  const css = Array.from(page.matchAll(/<style>([^<]*)<\/style>/g), ([, text = '']) => text)
  expect(css.length).toBeGreaterThan(4)
  for (const text of css) expect(text).not.toMatch(/url\(|@import|expression|https?:/)
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  // in a drawing each text is a paragraph of its own
  expect(page.replaceAll(/<svg.*?<\/svg>/gs, '')).not.toMatch(/[\0\u202E]/)
  expect(page).not.toContain('\0')
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
})

test('every scenario has its section, and the overview leads there', () => {
  const page = pageOf(report, '2026-11-21')
  const links = Array.from(page.matchAll(/href="#([^"]*)"/g), ([, to]) => to)
  const sections = Array.from(page.matchAll(/<section id="([^"]*)"/g), ([, id]) => id)
  expect(sections).toHaveLength(report.parts.length)
  expect(links).toEqual(sections)
})

test('long tables are folded, and open on paper', () => {
  const runs = Array.from({ length: 9 }, (_, i) => ({ ...imbalanceRun, repetition: i + 1 }))
  const many = part('affinity', { ...done, kind: 'imbalance', report: { ...imbalance, runs } })
  const page = pageOf({ ...report, parts: [many] }, '2026-11-21')
  expect(page).toContain('<summary>Each run (9)</summary>')
  expect(page).toContain('details::details-content{content-visibility:visible}')
  expect(page).toContain('0 of 2 runs are inside the band')
  expect(page).toContain('0 of 2 runs inside the band')
  expect(pageOf(report, '2026-11-21')).toContain('<h3>Each run</h3>')
})

test('what did not go as it should is told in words', () => {
  const page = pageOf(report, '2026-11-21')
  for (const words of ['1 not as expected', 'could not be measured', 'not run: ', 'nothing could be run here'])
    expect(page).toContain(words)
})
