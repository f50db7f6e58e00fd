import type { Hook } from '../../../rules/model.ts'
import { priorities } from '../../../rules/netfilter-hooks.ts'

const types: readonly string[] = ['filter', 'nat', 'route'] satisfies Hook['type'][]
const hooks: readonly string[] = ['prerouting', 'input', 'forward', 'output', 'postrouting'] satisfies Hook['hook'][]

/** Of a base chain as it is declared; undefined: a hook that connections of Services do not pass (ingress, egress). */
export const hookOf = (type: string, hook: string, priority: number, policy: string): Hook | undefined => {
  if (!types.includes(type) || !hooks.includes(hook)) return undefined
  return {
    type: type as Hook['type'],
    hook: hook as Hook['hook'],
    priority,
    policy: policy === 'drop' ? 'drop' : 'accept',
  }
}

/** `filter`, `dstnat - 5`, `-110`; undefined: no priority. */
export const priorityOf = (text: string): number | undefined => {
  const found = /^(?:(-?\d+)|([a-z]+)(?: *([+-]) *(\d+))?)$/.exec(text.trim())
  if (found === null) return undefined
  const [, number, name = '', sign, offset] = found
  if (number !== undefined) return Number(number)
  const base = Object.hasOwn(priorities, name) ? priorities[name as keyof typeof priorities] : undefined
  if (base === undefined) return undefined
  return offset === undefined ? base : sign === '-' ? base - Number(offset) : base + Number(offset)
}
