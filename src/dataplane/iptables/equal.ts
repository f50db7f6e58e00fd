import type { IptablesObject } from './objects.ts'

/** Objects of the same key: is it the same to the kernel? */
export const equalObjects = (a: IptablesObject, b: IptablesObject): boolean => {
  if (a === b) return true
  if (a.kind === 'rule') return b.kind === 'rule' && a.rule === b.rule && a.place === b.place
  if (a.kind === 'shared') return b.kind === 'shared'
  return (
    b.kind === 'chain' && a.rules.length === b.rules.length && a.rules.every((rule, index) => rule === b.rules[index])
  )
}
