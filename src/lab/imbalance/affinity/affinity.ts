import type { RunImbalance } from '../scenario.ts'

export const runAffinity: RunImbalance = async () => {
  throw new Error('affinity: follows')
}
