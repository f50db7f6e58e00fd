/** What code below the agent may say. pino's loggers fit; tests pass `silent`. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const nothing = (): void => {}
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
