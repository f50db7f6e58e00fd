import type { ClientAnswer } from '../lane-clients.ts'

/**
 * A client on a busy machine opens connections late and out of turn, while rules deal them as they come: the kth that it opened stands for the kth that
 * was due.
 */
export const inTurn = <T extends Pick<ClientAnswer, 'connections'>>(answer: T): T => {
  const dues = answer.connections.map(({ dueAt }) => dueAt).sort((a, b) => a - b)
  const opened = answer.connections.toSorted((a, b) => a.openedAt - b.openedAt)
  return { ...answer, connections: opened.map((one, k) => ({ ...one, dueAt: dues[k] ?? one.dueAt })) }
}

/** Seconds that 95 of 100 connections were moved by that, at most. */
export const outOfTurn = (answers: readonly Pick<ClientAnswer, 'connections'>[]): number => {
  const moved = answers
    .flatMap((answer) => {
      const opened = answer.connections.toSorted((a, b) => a.openedAt - b.openedAt)
      return inTurn(answer).connections.map(({ dueAt }, k) => Math.abs(dueAt - (opened[k]?.dueAt ?? dueAt)))
    })
    .sort((a, b) => a - b)
  return moved[Math.floor(0.95 * (moved.length - 1))] ?? 0
}

/**
 * Of the sessions, what share is on one of the pods at a moment (seconds since the epoch): each is where its last connection that was due by then came
 * to, as the pod said. By the clients' clocks, because a busy machine opens connections late, and that is not what is asked. 0 before the first.
 */
export const shareByClock = (
  answers: readonly Pick<ClientAnswer, 'connections'>[],
  pods: ReadonlySet<string>,
): ((at: number) => number) => {
  const sessions = answers.flatMap(({ connections }) => [
    ...Map.groupBy(connections, ({ session }) => session).values(),
  ])
  return (at) => {
    const there = sessions.flatMap((own) => {
      const last = own.findLast(({ dueAt }) => dueAt <= at)
      return last === undefined ? [] : [pods.has(last.pod)]
    })
    return there.length === 0 ? 0 : there.filter(Boolean).length / there.length
  }
}
