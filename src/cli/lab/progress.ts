/** What a command is doing, for a person who waits: on a terminal one line that changes, else a line for each step. */
export interface Progress {
  step(text: string): void
  /** A line that stays. */
  note(text: string): void
  /** Clears the live line, so that results begin on a clean one. */
  end(): void
}

/** Steps that differ only in their numbers are one step: not a line each where lines stay. */
const shape = (text: string): string => text.replace(/\d+/g, '#')

export const progressOn = (
  stream: NodeJS.WriteStream,
  seconds: () => number = () => performance.now() / 1000,
  command = 'lab',
): Progress => {
  const started = seconds()
  let last = ''
  const clear = (): void => {
    if (stream.isTTY && last !== '') stream.write('\r\u001B[K')
    last = ''
  }
  return {
    step(text) {
      const line = `${command}: ${text}`
      if (stream.isTTY) stream.write(`\r\u001B[K${line.slice(0, (stream.columns || 80) - 1)}`)
      else if (shape(text) !== shape(last)) stream.write(`${line} (${(seconds() - started).toFixed(1)} s)\n`)
      last = text
    },
    note(text) {
      clear()
      stream.write(`${text}\n`)
    },
    end: clear,
  }
}
