import type { ClientAnswer } from '../lane-clients.ts'

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
