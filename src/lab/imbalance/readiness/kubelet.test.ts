import { expect, test } from 'vitest'
import { afterProbe, type Readiness } from './kubelet.ts'

const thresholds = { successThreshold: 1, failureThreshold: 3 }

/** + and - are results; r and u: ready or not after each. */
const after = (results: string, ready: boolean): string => {
  let state: Readiness = { ready, against: 0 }
  return results
    .split('')
    .map((result) => {
      state = afterProbe(state, result === '+', thresholds)
      return state.ready ? 'r' : 'u'
    })
    .join('')
}

test.each([
  ['three failures in a row make a pod unready', '---', true, 'rru'],
  ['a success between starts the count anew', '--+---', true, 'rrrrru'],
  ['one success makes it ready again', '---+', true, 'rrur'],
  ['a new pod waits for its first success', '--+', false, 'uur'],
])('%s', (_, results, ready, states) => {
  expect(after(results, ready)).toBe(states)
})
