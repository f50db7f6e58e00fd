import { list, text, type Shape } from './shape.ts'

/** Bounds on the parts of a cluster; on the work as a whole: work.ts. */
export const most = {
  nodes: 5_000,
  pods: 10_000,
  clients: 1_000_000,
  groups: 100,
  events: 1_000,
  policies: 32,
} as const

export const nameText: Shape<string> = {
  ...text(
    'a name of a-z, A-Z, 0-9, -, _ and ., at most 63 characters',
    (given) => /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(given),
    { pattern: '^[A-Za-z0-9]([-\\w.]{0,61}[A-Za-z0-9])?$' },
  ),
  short: 'name',
}

/** It is printed: nothing in it may move a terminal's cursor. */
export const sentence = (most: number): Shape<string> =>
  text(
    `a text of 1 … ${most.toLocaleString('en-US')} characters without control characters`,
    (given) => given.length >= 1 && given.length <= most && !/(?!\n)\p{Cc}/u.test(given),
    { minLength: 1, maxLength: most, pattern: '^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$' },
  )

export const ipv4 = text(
  'an IPv4 address',
  (given) => /^(\d{1,3}\.){3}\d{1,3}$/.test(given) && given.split('.').every((byte) => Number(byte) <= 255),
  {
    format: 'ipv4',
  },
)

export const names = (what: string): Shape<readonly string[]> =>
  list(`names of ${what}`, nameText, { min: 1, max: 10_000 })

export const isMap = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isNumber = (value: unknown): boolean => typeof value === 'number'
