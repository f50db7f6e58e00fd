/** ms on the machine's monotonic clock: the same in all processes, so that one can say when what another did arrived. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000
