/**
 * Connections that never end, n pods replaced one by one (maxSurge 1, maxUnavailable 0): whoever loses its pod picks one of the n that
 * are there. So each replacement moves what the old pod held to all others evenly, and the new pod that comes first gets a part at every
 * later step. The share of the jth new pod (from 0), in multiples of its fair share: (1 + 1/n)ⁿ − (1 + 1/n)ʲ; the first of many has e − 1.
 */
export const shareAfterRollout = (pods: number): readonly number[] => {
  const growth = 1 + 1 / pods
  return Array.from({ length: pods }, (_, j) => growth ** pods - growth ** j)
}
