import type { Shell } from './command.ts'
import type { SkewFlags } from './skew.ts'

export const watchSkew = async (_service: string | undefined, _flags: SkewFlags, _shell: Shell): Promise<void> => {
  await Promise.resolve()
  throw new Error('--watch: not yet')
}
