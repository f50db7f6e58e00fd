import type { LoadUnit, Observation } from '../observation.ts'
import { faultOfAll, faultOfCount, faultOfName, faultOfSize } from './limits.ts'
import { isMillicores, millicores } from './quantity.ts'

/**
 * Counts as somebody types them: `38,35,27` (then the backends are `pod-0`, `pod-1`, …) or `web-a=38,web-b=35`.
 * CPU may be as Kubernetes writes it, `977m`. Throws for what is no count, naming which.
 */
export const givenCounts = (text: string, unit: LoadUnit): Observation => {
  const parts = text.split(',').map((part) => part.trim())
  const many = faultOfSize(parts.length)
  if (many !== '') throw new Error(`--counts ${many}`)
  const quantities = unit === 'cpu' && parts.some((part) => isMillicores(part.slice(part.lastIndexOf('=') + 1).trim()))
  const backends = parts.map((part, index) => backendOf(part, index, { unit, quantities }))
  const named = parts.filter((part) => part.includes('=')).length
  if (named > 0 && named < parts.length)
    throw new Error('--counts: name every backend (web-a=38,web-b=35) or none (38,35)')
  const fault = faultOfAll(backends)
  if (fault !== '') throw new Error(`--counts ${fault}`)
  return { service: null, unit, backends, facts: {} }
}

const backendOf = (
  part: string,
  index: number,
  { unit, quantities }: { readonly unit: LoadUnit; readonly quantities: boolean },
): { readonly name: string; readonly count: number } => {
  const at = part.lastIndexOf('=')
  const name = at < 0 ? `pod-${index}` : part.slice(0, at).trim()
  const digits = part.slice(at + 1).trim()
  const where = `--counts, value ${index + 1}${name === '' || at < 0 ? '' : ` (${name})`}`
  if (name === '') throw new Error(`${where}: has no name before the =`)
  const strange = faultOfName(name)
  if (strange !== '') throw new Error(`--counts, value ${index + 1}: its name ${strange}`)
  const cpu = quantities ? millicores(digits) : null
  if (cpu !== null) return { name, count: cpu }
  if (unit !== 'cpu' && isMillicores(digits))
    throw new Error(`${where}: ${digits} is an amount of CPU: add --weight cpu`)
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(digits))
    throw new Error(`${where}: must be a number, not ${JSON.stringify(digits)}`)
  const fault = faultOfCount(Number(digits), unit)
  if (fault !== '') throw new Error(`${where}: ${fault}`)
  return { name, count: Number(digits) }
}
