/** What a log, grep or a list of strings puts around each line of a listing. */
export interface Unprefixed {
  /** lines of other sources stand between them: another node's, another job's */
  readonly source: string
  readonly line: string
  /** where the lines are numbered: a gap is lines that are missing */
  readonly number: number | null
}

/** The line as the listing had it; null: nothing that is known stands before it. */
export const unprefixed = (line: string): Unprefixed | null => {
  for (const [kind, { prefix, rest }] of kinds.entries()) {
    const found = prefix.exec(line)
    if (found === null) continue
    const inner = line.slice(found[0].length)
    const text = rest === undefined ? inner : rest(inner)
    if (text === null) continue
    const { by = '', number } = found.groups ?? {}
    return { source: `${kind} ${by}`, line: text, number: number === undefined ? null : Number(number) }
  }
  return null
}

/** A string of JSON as `stdout_lines` of Ansible has them, one a line. */
const string = (text: string): string | null => {
  try {
    const value: unknown = JSON.parse(`"${text.trimEnd().replace(/,$/, '')}`)
    return typeof value === 'string' ? value : null
  } catch {
    return null
  }
}

const kinds: readonly { readonly prefix: RegExp; readonly rest?: (text: string) => string | null }[] = [
  // logs of CI (job and step before it), of a container runtime, `kubectl logs --timestamps`
  {
    prefix:
      /^\uFEFF?(?<by>[^\t"]{1,120}\t[^\t"]{1,120}\t\uFEFF?)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?(?: std(?:out|err) [FP])?(?: |$)/,
  },
  // journald and syslog
  { prefix: /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?<by>\S+) [\w./@-]+(?:\[\d+\])?:(?: |$)/ },
  // klog
  { prefix: /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ [\w.-]+:\d+\](?: |$)/ },
  // kubectl logs --prefix, Docker Compose
  { prefix: /^(?<by>\[pod\/[\w./-]+\])(?: |$)/ },
  { prefix: /^(?<by>[\w.-]+) +\|(?: |$)/ },
  // cat -n, nl, grep -n
  { prefix: /^ *(?<number>\d+)(?:\t|: ?)/ },
  { prefix: /^\s*"/, rest: string },
]
