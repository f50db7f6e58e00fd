import { canonicalAddress, formatEndpoint, parseAddress } from '../../model/address.ts'
import type { TraceReport } from './report.ts'

/** What `--expect` says must be so; what it does not say may be anything. */
export interface Expectation {
  readonly verdict?: string
  readonly masquerade?: boolean
  /** `address` or `address:port`, each must be possible */
  readonly backends: readonly string[]
}

const verdicts = ['dnat', 'reject', 'drop', 'accept', 'none']

/** `verdict=dnat,backend=10.1.0.2:8080,masquerade=true`; backend may be given several times. Throws with what is wrong. */
export const parseExpectation = (text: string): Expectation => {
  const backends: string[] = []
  let verdict: string | undefined
  let masquerade: boolean | undefined
  for (const part of text.split(',')) {
    const name = part.slice(0, part.indexOf('='))
    const value = part.slice(part.indexOf('=') + 1)
    if (name === 'verdict' && verdicts.includes(value)) verdict = value
    else if (name === 'masquerade' && ['true', 'false'].includes(value)) masquerade = value === 'true'
    else if (name === 'backend' && endpoint(value) !== null) backends.push(endpoint(value) ?? '')
    else
      throw new Error(
        `--expect ${JSON.stringify(part)}: must be verdict=${verdicts.join('|')}, backend=ADDRESS[:PORT] or masquerade=true|false`,
      )
  }
  return {
    backends,
    ...(verdict === undefined ? {} : { verdict }),
    ...(masquerade === undefined ? {} : { masquerade }),
  }
}

const endpoint = (text: string): string | null => {
  if (parseAddress(text) !== null) return canonicalAddress(text)
  const [, bracketed, bare, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? []
  const address = canonicalAddress(bracketed ?? bare ?? '')
  return address === null ? null : formatEndpoint(address, Number(port))
}

/** What is not as expected; empty when all is. */
export const unexpected = (expectation: Expectation, report: TraceReport): readonly string[] => {
  const { verdict, masquerade, backends } = expectation
  const found: string[] = []
  if (verdict !== undefined && verdict !== report.verdict)
    found.push(`expected verdict ${verdict}, got ${report.verdict}`)
  if (masquerade !== undefined && masquerade !== report.masquerade) {
    found.push(`expected masquerade ${masquerade}, got ${report.masquerade ?? 'both, it depends on the backend'}`)
  }
  for (const backend of backends) {
    const possible = report.backends.some(
      ({ address, port }) => address === backend || formatEndpoint(address, port) === backend,
    )
    if (!possible) found.push(`expected backend ${backend} is not possible`)
  }
  return found
}
