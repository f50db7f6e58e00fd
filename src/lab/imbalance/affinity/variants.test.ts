import { expect, test } from 'vitest'
import { affinityVariants } from './variants.ts'

const selector = { app: 'server' }
const shown = (connections: number, nodes: number) =>
  affinityVariants(connections, nodes, selector).map(({ name, schedulers, crowd: { clients, perClient, nat } }) => ({
    name,
    schedulers: schedulers?.join(),
    crowd: `${clients} × ${perClient}${nat ? ' behind one' : ''}`,
  }))

test('each keeper with many, few and hidden clients; numbers are of one node', () => {
  expect(shown(200, 2)).toEqual([
    { name: 'ClientIP, 100 clients', schedulers: 'rr,random', crowd: '50 × 2' },
    { name: 'ClientIP, 6 clients', schedulers: 'rr,random', crowd: '3 × 33' },
    { name: 'ClientIP, 100 clients behind 2 addresses', schedulers: 'rr,random', crowd: '50 × 2 behind one' },
    { name: 'no affinity, 100 clients', schedulers: 'sh', crowd: '50 × 2' },
    { name: 'no affinity, 6 clients', schedulers: 'sh', crowd: '3 × 33' },
    { name: 'no affinity, 100 clients behind 2 addresses', schedulers: 'sh', crowd: '50 × 2 behind one' },
  ])
})

test('very few connections make fewer variants, each of its own name', () => {
  expect(shown(1, 1).map(({ name }) => name)).toEqual([
    'ClientIP, one client',
    'ClientIP, one client behind one address',
    'no affinity, one client',
    'no affinity, one client behind one address',
  ])
})
