import { execFileSync } from 'node:child_process'
import { normalRule } from '../../src/rules/iptables/index.ts'

export type Family = 'ip' | 'ip6'

/** `nat KUBE-SVC-…` → its rules in a form that tells them apart whatever the tool wrote; those of chains whose order says nothing are sorted. */
export type Layout = ReadonlyMap<string, readonly string[]>

/** Rules of these exclude each other, so their order (kube-proxy's is that of a Go map) says nothing. */
const UNORDERED = /^\S+ KUBE-(SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL)$/

/** All chains with a rule or name of a Service proxy in this network namespace, as iptables-save prints them. */
export const layoutOf = (family: Family): Layout => {
  const command = family === 'ip' ? 'iptables-save' : 'ip6tables-save'
  const text = execFileSync(command, { encoding: 'utf8', maxBuffer: 64 << 20 })
  const chains = new Map<string, string[]>()
  let table = ''
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1)
    else if (line.startsWith(':')) chains.set(`${table} ${line.slice(1).split(' ')[0]}`, [])
    else if (line.startsWith('-A ')) {
      const [, chain = '', rule = ''] = /^-A (\S+) ?(.*)$/.exec(line) ?? []
      chains.get(`${table} ${chain}`)?.push(normalRule(rule))
    }
  }
  const kept = [...chains].filter(([name, rules]) => / (KUBE|EVENKEEL)-/.test(name) || rules.length > 0)
  return new Map(
    kept
      .map(([name, rules]) => [name, UNORDERED.test(name) ? rules.toSorted() : rules] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** What one has and the other has not: `- nat KUBE-SERVICES: …` only the first, `+ …` only the second; `~ chain` other order. */
export const differencesOf = (first: Layout, second: Layout): readonly string[] => {
  const found: string[] = []
  for (const name of new Set([...first.keys(), ...second.keys()])) {
    const a = first.get(name)
    const b = second.get(name)
    if (a === undefined || b === undefined) found.push(`${a === undefined ? '+' : '-'} chain ${name}`)
    const left = [...(b ?? [])]
    for (const rule of a ?? []) {
      const at = left.indexOf(rule)
      if (at < 0) found.push(`- ${name}: ${rule}`)
      else left.splice(at, 1)
    }
    found.push(...left.map((rule) => `+ ${name}: ${rule}`))
    if (
      a !== undefined &&
      b !== undefined &&
      left.length === 0 &&
      a.length === b.length &&
      a.some((rule, i) => rule !== b[i])
    )
      found.push(`~ ${name}`)
  }
  return found.sort()
}
