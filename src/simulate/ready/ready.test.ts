import { describe, expect, test } from 'vitest'
import { readScenario } from '../file/read.ts'
import { tooMuch, usualMaxEvents } from '../file/work.ts'
import type { Outcome } from '../model.ts'
import { type SimulationReport, simulateAll } from '../report.ts'
import { readyScenarios } from './index.ts'

const parts = (name: string) => {
  const text = readyScenarios.find((one) => one.name === name)?.text ?? ''
  const { read, problems } = readScenario(Buffer.from(text), name)
  expect(problems).toEqual([])
  if (read === null) throw new Error(`${name} cannot be read`)
  return read
}

const played = async (name: string, runs = 60): Promise<SimulationReport> => {
  const { scenario, compared, about } = parts(name)
  return simulateAll(scenario, compared, { runs, seed: '1', threads: 0, about, onProgress: () => {} })
}

describe('every ready scenario', () => {
  test.each(readyScenarios.map(({ name }) => name))('%s explains itself and is small enough for 1,000 runs', (name) => {
    const { scenario, about, compared } = parts(name)
    expect(scenario.name).toBe(name)
    expect(about.length).toBeGreaterThan(80)
    expect(compared.length).toBeGreaterThan(1)
    expect(tooMuch(scenario, { runs: 1000, policies: compared, maxEvents: usualMaxEvents / 5 })).toBeNull()
  })

  test('has a name of its own', () =>
    expect(new Set(readyScenarios.map(({ name }) => name)).size).toBe(readyScenarios.length))
})

/** What a scenario says of itself must come out. */
describe('what is said of it comes out', () => {
  const named = ({ outcomes }: SimulationReport, policy: string): Outcome => {
    const found = outcomes.find((one) => one.policy === policy)
    if (found === undefined) throw new Error(`no ${policy} among ${outcomes.map((one) => one.policy).join(', ')}`)
    return found
  }
  const uneven = (report: SimulationReport, policy: string): number => named(report, policy).maxOverMean.end.mean
  const newPods = (report: SimulationReport, policy: string): number =>
    named(report, policy).newcomers?.median.at(-1) ?? Number.NaN

  test('few-connections: 2.75 times the mean and 3.49 idle pods, by luck alone', async () => {
    const report = await played('few-connections', 1_000)
    expect(uneven(report, 'nft-random')).toBeCloseTo(2.75, 1)
    expect(named(report, 'nft-random').idle.end.mean).toBeCloseTo(3.49, 1)
    expect(uneven(report, 'nft-rr')).toBe(1)
    expect(report.recommendation.policy).toBe('nft-rr')
  })

  test('pgbouncer: the lightest of four pods at two thirds of the mean is what random does', async () => {
    const report = await played('pgbouncer', 200)
    const lightest = named(report, 'nft-random').ranked[3]
    const published = 585 / (977 + 995 + 585 + 993)
    expect(lightest?.low).toBeLessThan(published)
    expect(lightest?.high).toBeGreaterThan(published)
    expect(named(report, 'nft-rr').ranked[3]?.low).toBeGreaterThan(published)
  })

  test('long-lived-rr: one of four pods has all that is long', async () => {
    const report = await played('long-lived-rr')
    expect(uneven(report, 'nft-rr')).toBeGreaterThan(3.5)
    expect(uneven(report, 'nft-random')).toBeLessThan(1.6)
    expect(report.recommendation.policy).toBe('ipvs-lc')
    expect(report.recommendation.sentences.join(' ')).toContain('turns')
  })

  test('lc-many-nodes: three pods get a hundred connections each', async () => {
    const report = await played('lc-many-nodes', 20)
    const { ranked } = named(report, 'ipvs-lc')
    expect(ranked.map(({ median }) => Math.round(median * 300))).toEqual([100, 100, 100])
    expect(uneven(report, 'nft-random')).toBeLessThan(1.6)
  })

  test('affinity-nat: addresses are drawn, not connections', async () => {
    const report = await played('affinity-nat', 40)
    expect(uneven(report, 'nft-random+affinity=3h')).toBeGreaterThan(uneven(report, 'nft-random') * 1.2)
    expect(report.recommendation.reasons.find(({ policy }) => policy === 'ipvs-sh')?.reason).toContain(
      '6 source addresses are drawn',
    )
  })

  test.each(['heavy-client', 'grpc-http2'])('%s: only requests can be spread', async (name) => {
    const report = await played(name, 20)
    expect(uneven(report, 'nft-random')).toBeGreaterThan(1.5)
    expect(uneven(report, 'l7-rr')).toBeLessThan(1.05)
    expect(report.recommendation.policy).toMatch(/^l7-/)
  })

  test('rolling-update: who starts first ends heaviest, under random', async () => {
    const report = await played('rolling-update')
    const there = named(report, 'nft-random').pods.filter(({ end }) => end.highest > 0)
    expect(there).toHaveLength(6)
    expect(there[0]?.end.mean).toBeGreaterThan(2 * (there.at(-1)?.end.mean ?? 0))
    expect(report.recommendation.reasons[0]?.reason).toContain('started first')
  })

  test('scale-up: new pods stay idle without churn; with a maximum age they do not', async () => {
    const report = await played('scale-up')
    expect(newPods(report, 'nft-random')).toBe(0)
    for (const policy of ['nft-random+maxAge=5m', 'nft-random+maxRequests=300'])
      expect(newPods(report, policy)).toBeGreaterThan(0.85)
    // T · ln 2, when each connection ends at its age of T ± 10 % and goes to a new pod
    expect(named(report, 'lc+counts=shared+maxAge=5m').timeToEven.seconds?.median).toBeLessThan(300 * 0.69 + 30)
  })

  test('node-port-instance: second hops, which ip mode has not', async () => {
    const report = await played('node-port-instance', 20)
    expect(named(report, 'instance').secondHops.mean).toBeGreaterThan(0)
    expect(named(report, 'ip').secondHops.highest).toBe(0)
  })

  test('node-port-local: a pod alone on its node has four times as much as one of four', async () => {
    const { ranked } = named(await played('node-port-local', 20), 'instance Local')
    expect((ranked[0]?.mean ?? 0) / (ranked[4]?.mean ?? 1)).toBeGreaterThan(3)
  })

  test('zone-hints: the few pods of a zone have three times as much', async () => {
    const report = await played('zone-hints', 20)
    const shares = named(report, 'nft-random+trafficDistribution=PreferSameZone').pods.map(({ end }) => end.mean)
    expect((shares[0] ?? 0) / (shares[4] ?? 1)).toBeGreaterThan(2.4)
    expect(report.recommendation.policy).toBe('nft-random')
  })

  test.each(['readiness', 'node-lag'])('%s: connections are refused, and it is said why', async (name) => {
    const report = await played(name, 10)
    expect(named(report, 'nft-random').refused.mean).toBeGreaterThan(0)
    if (name === 'node-lag') expect(report.recommendation.reasons[0]?.reason).toContain('takes no changes')
  })
})
