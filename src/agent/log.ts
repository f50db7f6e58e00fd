import pino, { type Logger } from 'pino'
import type { LogSettings } from './config/types.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'

/**
 * pino to stderr: JSON lines, or short ones for people (default on a terminal). Lines are written at once: none is lost when the
 * process dies.
 */
export const openLog = (level: Level, format: LogSettings['format'] = null): Logger => {
  const destination = pino.destination({ fd: 2, sync: true })
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return (format ?? (process.stderr.isTTY ? 'text' : 'json')) === 'text'
    ? pino(options, { write: (line: string) => destination.write(shortLine(line)) })
    : pino(options, destination)
}

/** klog's verbosity as a level: its details begin at 4. */
export const levelOf = ({ verbosity }: LogSettings): Level => (verbosity >= 4 ? 'debug' : 'info')

/** `09:41:02 warn  a frontend cannot be put in place  frontend=10.96.0.1:80/TCP` */
export const shortLine = (json: string): string => {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  const rest = Object.entries(fields).map(([name, value]) => `  ${name}=${show(value)}`)
  return `${String(time).slice(11, 19).padEnd(8)} ${String(level).padEnd(5)} ${String(msg)}${rest.join('')}\n`
}

/** Text as it is, control characters escaped. */
const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? ''
  return typeof value === 'string' ? text.slice(1, -1).replaceAll('\\"', '"') : text
}
