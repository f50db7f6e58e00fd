/** struct nft_counter, one per possible CPU for every counted element (measured: 100,000 on 2 CPUs 3 MB, on 128 about 195 MB) */
const BYTES_PER_CPU = 16

/** bytes of percpu memory that counters may take, default of `affordableCounters` */
const BUDGET = 64 << 20

/**
 * How many map elements may carry a counter; 0: none. Before kernel fa23e0d4b756 (6.10; 6.6.83) counters of a batch were allocated without
 * waiting for memory, so that a large batch could fail with ENOMEM.
 */
export const affordableCounters = (
  kernel: { readonly release: string; readonly possibleCpus: number },
  budget: number = BUDGET,
): number => {
  const sleeps =
    !olderThan(kernel.release, 6, 10) || (kernel.release.startsWith('6.6.') && !olderThan(kernel.release, 6, 6, 83))
  return sleeps ? Math.floor(budget / (BYTES_PER_CPU * Math.max(1, kernel.possibleCpus))) : 0
}

/** `6.1.0-26-amd64` is older than 6.2. */
export const olderThan = (release: string, ...version: readonly number[]): boolean => {
  const parts = release.split(/[^0-9]+/, version.length).map(Number)
  for (const [place, number] of version.entries()) {
    const part = parts[place] ?? 0
    if (part !== number) return part < number
  }
  return false
}
