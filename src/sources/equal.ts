/** Whether two records say the same. For plain data: primitives, arrays, and maps with the same keys in any order. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && areSame(a, b)
  if (Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const key of keys) if (!Object.hasOwn(right, key) || !isSame(left[key], right[key])) return false
  return true
}

/** `isSame` for records of the store: when a slice was made to say what it says is not what it says. */
export const saysTheSame = (a: object | undefined, b: object | undefined): boolean => {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const key of Object.keys(left)) if (key !== 'triggeredAt' && !isSame(left[key], right[key])) return false
  return Object.keys(left).length === Object.keys(right).length
}

const areSame = (a: readonly unknown[], b: readonly unknown[]): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false
  return true
}
