import type { Frontend, SchedulerName } from '../../model/frontend.ts'

export const DEFAULT_SCHEDULER = 'random' satisfies SchedulerName

const nothing: readonly string[] = []

/** Rules choose by chance alone: the next in turn, a hash of the client or the least busy is beyond them. */
export const refusedSchedulers = ({ scheduler }: Frontend): readonly string[] =>
  scheduler === null || scheduler === DEFAULT_SCHEDULER
    ? nothing
    : [`scheduler ${scheduler}: iptables rules can only choose at random; served by ${DEFAULT_SCHEDULER}`]
