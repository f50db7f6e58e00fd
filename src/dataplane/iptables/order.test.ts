import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeTables } from '../../kernel/iptables/fake.ts'
import type { Change } from '../plane.ts'
import { equalObjects } from './equal.ts'
import { chainObject, type IptablesObject, ruleObject, sharedChainObject } from './objects.ts'
import { inverse, leavesFirst, type Step, stepsOf, targetOf } from './order.ts'

const nat = (chain: string) => ({ family: 'ip', table: 'nat', chain }) as const
const filter = (chain: string) => ({ family: 'ip', table: 'filter', chain }) as const
const endpoint = (name: string) =>
  chainObject(nat(`KUBE-SEP-${name}`), [`-p tcp -j DNAT --to-destination 10.1.0.1:${name}`])
const service = (name: string, endpoints: readonly string[]) =>
  chainObject(
    nat(`KUBE-SVC-${name}`),
    endpoints.map((one) => `-j KUBE-SEP-${one}`),
  )
const dispatch = (name: string) => ruleObject(nat('KUBE-SERVICES'), `-d 10.96.0.${name}/32 -j KUBE-SVC-${name}`, 'head')
const base: readonly IptablesObject[] = [
  sharedChainObject(nat('KUBE-SERVICES')),
  ruleObject(nat('PREROUTING'), '-j KUBE-SERVICES', 'head'),
]
const none: Change<IptablesObject> = { add: [], replace: [], remove: [] }

const commit = (tables: FakeTables, steps: readonly Step[]): void => {
  for (const step of steps) tables.commit(step)
}

test.each([
  ['-d 10.96.0.1/32 -p tcp -m comment --comment "a -j b" -m tcp --dport 80 -j KUBE-SVC-A', 'KUBE-SVC-A'],
  ['-p tcp -m tcp -j DNAT --to-destination 10.1.0.1:80', 'DNAT'],
  ['-m comment --comment x', ''],
])('%s leads to %s', (rule, target) => expect(targetOf(rule)).toBe(target))

test('leaves come first, those of a Service together', () => {
  const chains = [service('1', ['1', '2']), endpoint('3'), service('2', ['3']), endpoint('2'), endpoint('1')]
  expect(leavesFirst(chains).map(({ chain }) => chain.slice(5))).toEqual(['SEP-1', 'SEP-2', 'SVC-1', 'SEP-3', 'SVC-2'])
})

describe('a change', () => {
  test('of a table is one transaction as long as it is short', () => {
    const change = { ...none, add: [...base, endpoint('1'), service('1', ['1']), dispatch('1')] }
    expect(stepsOf(change, 100).map(({ lines }) => lines)).toEqual([
      [
        ':KUBE-SEP-1 - [0:0]',
        ':KUBE-SVC-1 - [0:0]',
        '-N KUBE-SERVICES',
        '-A KUBE-SEP-1 -p tcp -j DNAT --to-destination 10.1.0.1:1',
        '-A KUBE-SVC-1 -j KUBE-SEP-1',
        '-I PREROUTING -j KUBE-SERVICES',
        '-I KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-1',
      ],
    ])
  })

  test('in one transaction whatever its length: chains by falling names, which iptables-legacy takes fastest', () => {
    const change = { ...none, add: [endpoint('1'), service('1', ['2', '1']), dispatch('1'), endpoint('2')] }
    expect(stepsOf(change, null).map(({ lines }) => lines)).toEqual([
      [
        ':KUBE-SVC-1 - [0:0]',
        ':KUBE-SEP-2 - [0:0]',
        ':KUBE-SEP-1 - [0:0]',
        '-A KUBE-SVC-1 -j KUBE-SEP-2',
        '-A KUBE-SVC-1 -j KUBE-SEP-1',
        '-A KUBE-SEP-2 -p tcp -j DNAT --to-destination 10.1.0.1:2',
        '-A KUBE-SEP-1 -p tcp -j DNAT --to-destination 10.1.0.1:1',
        '-I KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-1',
      ],
    ])
  })

  test('from refused to served: the refusal goes after the translation has come; and back', () => {
    const refusal = ruleObject(filter('KUBE-SERVICES'), '-d 10.96.0.1/32 -j REJECT', 'tail')
    const served = { add: [dispatch('1')], replace: [], remove: [refusal] }
    expect(stepsOf(served, null).map(({ table, lines }) => [table, ...lines])).toEqual([
      ['nat', '-I KUBE-SERVICES -d 10.96.0.1/32 -j KUBE-SVC-1'],
      ['filter', '-D KUBE-SERVICES -d 10.96.0.1/32 -j REJECT'],
    ])
    expect(stepsOf(inverse(served), null).map(({ table }) => table)).toEqual(['filter', 'nat'])
  })

  test('of place: a rule is deleted and written again', () => {
    const before = ruleObject(nat('KUBE-SERVICES'), '-j KUBE-NODEPORTS', 'head')
    const after = ruleObject(nat('KUBE-SERVICES'), '-j KUBE-NODEPORTS', 'tail')
    expect(stepsOf({ ...none, replace: [{ before, after }] }, null)[0]?.lines).toEqual([
      '-D KUBE-SERVICES -j KUBE-NODEPORTS',
      '-A KUBE-SERVICES -j KUBE-NODEPORTS',
    ])
  })

  test('in pieces: after every one of them no jump leads to a chain without rules', () => {
    const names = fc.uniqueArray(fc.integer({ min: 1, max: 30 }).map(String), { maxLength: 12 })
    fc.assert(
      fc.property(names, names, fc.integer({ min: 3, max: 12 }), (first, second, piece) => {
        const objects = (services: readonly string[], endpoints: readonly string[]): Map<string, IptablesObject> => {
          const some = services.flatMap((one) => {
            const own = endpoints.filter((_, index) => (index + Number(one)) % 2 === 0)
            return own.length === 0 ? [] : [service(one, own), dispatch(one), ...own.map(endpoint)]
          })
          return new Map([...base, ...some].map((object) => [object.key, object]))
        }
        const before = objects(first, second)
        const after = objects(second, first)
        const tables = new FakeTables()
        const check = (steps: readonly Step[]): void => {
          for (const step of steps) {
            tables.commit(step)
            const dump = tables.dump()
            for (const rule of dump.matchAll(/-j (KUBE-S(?:VC|EP)-\d+)/g)) expect(dump).toContain(`-A ${rule[1]} `)
          }
        }
        check(stepsOf({ ...none, add: [...before.values()] }, piece))
        const start = tables.dump()
        const change: Change<IptablesObject> = {
          add: [...after.values()].filter(({ key }) => !before.has(key)),
          replace: [...after.values()].flatMap((object) => {
            const old = before.get(object.key)
            return old && !equalObjects(old, object) ? [{ before: old, after: object }] : []
          }),
          remove: [...before.values()].filter(({ key }) => !after.has(key)),
        }
        const steps = stepsOf(change, piece)
        check(steps)
        // and back, step by step, as when the next one had failed
        for (const step of steps.toReversed()) check(stepsOf(inverse(step.change), piece))
        expect(sorted(tables.dump())).toEqual(sorted(start))
        check(stepsOf({ ...none, remove: [...before.values()] }, piece))
        expect(tables.dump()).not.toContain('KUBE-')
      }),
      { numRuns: 40 },
    )
  })
})

/** Rules of shared chains have no order among those of their place. */
const sorted = (dump: string): string[] => dump.split('\n').sort()

test('a shared chain goes with its rules', () => {
  const tables = new FakeTables()
  const objects = [...base, endpoint('1'), service('1', ['1']), dispatch('1')]
  commit(tables, stepsOf({ ...none, add: objects }, null))
  commit(tables, stepsOf({ ...none, remove: objects }, 3))
  expect(tables.dump()).not.toContain('KUBE-')
})
