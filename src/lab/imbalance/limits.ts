/** Throws RangeError, with the flag, for more connections than a scenario holds at a time in one machine. */
export const checkConnections = (scenario: string, connections: number, most: number): void => {
  if (connections > most)
    throw new RangeError(`the scenario ${scenario} takes at most --connections ${most}, not ${connections}`)
}
