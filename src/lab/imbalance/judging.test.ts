import { expect, test } from 'vitest'
import { judging } from './judging.ts'
import { imbalanceRun, type Measurement } from './run.ts'

const measurement: Measurement = {
  trial: { plane: 'nftables', scheduler: 'rr', repetition: 1, seed: 'test' },
  service: 'default/web',
  claimed: 'even',
  connections: 24,
  failures: 0,
  slowestMillis: 3,
  backends: [8, 16].map((connections, i) => ({
    name: `pod-${i}`,
    node: 'node-0',
    address: `10.244.0.${i + 2}`,
    connections,
    requests: connections,
    cpuMillis: 0,
    expected: null,
  })),
  quantities: [{ name: 'pod-0', unit: 'connections', value: 8 }],
  simulated: Array.from({ length: 50 }, (_, i) => [i]),
  observation: {
    service: 'default/web',
    unit: 'connections',
    backends: [8, 16].map((count, i) => ({ name: `pod-${i}`, count })),
    facts: { scheduler: 'rr', affinity: 'None' },
  },
}

test('a thread judges as one would oneself, again and again', async () => {
  await using judge = judging(new AbortController().signal)
  const own = imbalanceRun(measurement, 0.05)
  // what a trial holds besides is not taken along
  const trial = { ...measurement.trial, lab: () => 'a function has no copy' }
  expect(await judge.run({ ...measurement, trial }, 0.05)).toEqual(own)
  expect(await judge.run(measurement, 0.05)).toEqual(own)
})

test('what cannot be judged is told', async () => {
  await using judge = judging(new AbortController().signal)
  await expect(judge.run({ ...measurement, simulated: [] }, 0.05)).rejects.toThrow('a band needs simulated runs')
})

test('an interruption is heard while it judges', async () => {
  const interruption = new AbortController()
  await using judge = judging(interruption.signal)
  const run = judge.run(measurement, 0.05)
  interruption.abort(new Error('interrupted'))
  await expect(run).rejects.toThrow('interrupted')
  await expect(judge.run(measurement, 0.05)).rejects.toThrow('interrupted')
})
