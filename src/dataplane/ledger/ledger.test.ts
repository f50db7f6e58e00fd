import { describe, expect, test } from 'vitest'
import { type ToyObject, toyPlane } from '../../../test/support/toy-plane.ts'
import { Ledger } from './ledger.ts'
import type { Program } from '../plane.ts'

const person = (name: string, trait = ''): ToyObject => ({ key: name, kind: 'person', owner: null, leadsTo: [trait] })
const number = (key: string, ...people: string[]): ToyObject => ({ key, kind: 'number', owner: key, leadsTo: people })
const program = (...objects: ToyObject[]): Program<ToyObject> => ({ objects, refused: [] })
const keys = (objects: readonly { readonly key: string }[]): string[] => objects.map(({ key }) => key).sort()

const setUp = () => {
  const ledger = new Ledger(toyPlane, 1_000)
  const stage = (programs: Record<string, Program<ToyObject> | null>) => ledger.stage(new Map(Object.entries(programs)))
  return { ledger, stage }
}

describe('the ledger', () => {
  test('a staged change is believed only when it is committed', () => {
    const { ledger, stage } = setUp()
    stage({ a: program(number('1', 'ann'), person('ann')) })
    expect(ledger.get('a')).toBeUndefined()
    const again = stage({ a: program(number('1', 'ann'), person('ann')) })
    expect(keys(again.change.add)).toEqual(['1', 'ann'])
    again.commit(0)
    expect(stage({ a: program(number('1', 'ann'), person('ann')) }).change).toEqual({
      add: [],
      replace: [],
      remove: [],
    })
  })

  test('a shared object comes with the first program and goes with the last, after a pause', () => {
    const { ledger, stage } = setUp()
    stage({ a: program(number('1', 'ann'), person('ann')) }).commit(0)
    const second = stage({ b: program(number('2', 'ann'), person('ann')) })
    expect(keys(second.change.add)).toEqual(['2'])
    second.commit(0)
    stage({ a: null }).commit(0)
    expect(ledger.lingering).toBe(0)
    const last = stage({ b: null })
    expect(keys(last.change.remove)).toEqual(['2'])
    last.commit(500)
    expect(ledger.nextDue).toBe(1_500)
    expect(ledger.dueObjects(1_499)).toEqual([])
    expect(keys(ledger.dueObjects(1_500))).toEqual(['ann'])
  })

  test('one program gives it up and another takes it, in one change: nothing happens to it', () => {
    const { ledger, stage } = setUp()
    stage({ a: program(person('ann')) }).commit(0)
    const { change, commit } = stage({ a: null, b: program(person('ann')) })
    expect(change).toEqual({ add: [], replace: [], remove: [] })
    commit(0)
    expect(ledger.lingering).toBe(0)
  })

  test('a new value of a shared object replaces it once, and those who still have the old one do not bring it back', () => {
    const { stage } = setUp()
    stage({ a: program(person('ann', 'old')), b: program(person('ann', 'old')) }).commit(0)
    const renewed = stage({ a: program(person('ann', 'new')) })
    expect(renewed.change.replace.map(({ after }) => after.leadsTo)).toEqual([['new']])
    renewed.commit(0)
    expect(stage({ b: null }).change).toEqual({ add: [], replace: [], remove: [] })
    stage({ b: program(person('ann', 'new')) }).commit(0)
  })

  test('what lingers comes back without a write; with another value it is replaced', () => {
    const { ledger, stage } = setUp()
    stage({ a: program(person('ann', 'old')) }).commit(0)
    stage({ a: null }).commit(0)
    expect(stage({ a: program(person('ann', 'old')) }).change.add).toEqual([])
    const other = stage({ a: program(person('ann', 'new')) })
    expect(other.change.add).toEqual([])
    expect(other.change.replace.length).toBe(1)
    other.commit(0)
    expect(ledger.lingering).toBe(0)
  })

  test('after a reading: programs that differ, strays that nobody claims, pauses that go on', () => {
    const { ledger, stage } = setUp()
    stage({ a: program(number('1', 'ann'), person('ann')), b: program(number('2')), c: program(person('cid')) }).commit(
      0,
    )
    stage({ c: null }).commit(0)
    const believed = ledger.reset({
      frontends: new Map([
        ['a', [number('1', 'somebody else')]],
        ['z', [number('9')]],
      ]),
      other: [person('ann'), person('cid'), person('junk')],
    })
    expect(ledger.compare(believed)).toEqual({ differing: ['a', 'b', 'z'], strays: 1 })
    expect(ledger.lingering).toBe(1)
    const repaired = stage({ a: program(number('1', 'ann'), person('ann')), b: program(number('2')), z: null })
    expect(keys(repaired.change.add)).toEqual(['2'])
    expect(keys(repaired.change.replace.map(({ after }) => after))).toEqual(['1'])
    expect(keys(repaired.change.remove)).toEqual(['9'])
    repaired.commit(0)
    expect(keys(ledger.strayObjects(new Set()))).toEqual(['junk'])
  })
})
