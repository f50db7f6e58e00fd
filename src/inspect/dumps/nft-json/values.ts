/** JSON as it comes from anybody: what is not there or of another kind is undefined, never an exception. */

export type JsonObject = Readonly<Record<string, unknown>>

export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined

export const asArray = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined)

export const asString = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const asNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** One name or a list of names, as nft writes flags. */
export const asNames = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  return asArray(value)?.filter((item) => typeof item === 'string') ?? []
}

/** The only key of an object and what it holds: how nft writes a statement or an expression. */
export const only = (value: unknown): readonly [string, unknown] | undefined => {
  const object = asObject(value)
  if (object === undefined) return undefined
  const [first, ...more] = Object.entries(object)
  return more.length === 0 ? first : undefined
}
