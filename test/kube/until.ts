/**
 * Asks every `everyMs` until the question throws no more, and answers what it answered.
 * @throws what it threw last, after `withinMs`
 */
export const until = async <T>(question: () => T | Promise<T>, withinMs = 30_000, everyMs = 100): Promise<T> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      return await question()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
}
