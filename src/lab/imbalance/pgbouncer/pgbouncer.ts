import type { RunImbalance } from '../scenario.ts'

export const runPgbouncer: RunImbalance = async () => {
  throw new Error('pgbouncer: follows')
}
