import type { RunImbalance } from '../scenario.ts'

export const runLongLived: RunImbalance = async () => {
  throw new Error('long-lived-rr: follows')
}
