import { type Log, silent } from '../../src/util/log.ts'

/** Counts warnings and errors by what they say, so that a day of them is a few lines. */
export class Complaints {
  readonly #counts = new Map<string, number>()

  readonly log: Log = {
    ...silent,
    warn: (_fields, message) => this.#count(message),
    error: (fields, message) => {
      this.#count(message)
      process.stderr.write(`soak: the agent: ${message} ${JSON.stringify(fields)}\n`)
    },
  }

  counted(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  #count(message: string): void {
    const kind = message.replaceAll(/https?:\/\/[^ :]+(:\d+)?/g, 'URL')
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }
}
