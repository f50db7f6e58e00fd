import type { NftSet, NftType } from './types.ts'

/** A set without anything special; `changes` say what is. */
export const plainSet = (
  name: string,
  key: readonly NftType[],
  comment = '',
  changes: Partial<NftSet> = {},
): NftSet => ({
  name,
  key,
  data: null,
  interval: false,
  dynamic: false,
  timeoutMs: 0,
  size: 0,
  counter: false,
  comment,
  ...changes,
})
