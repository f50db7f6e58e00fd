/** What stands in front of each line where a log kept the dump: kubectl logs --timestamps, journald, dmesg. */
const stamps =
  /^(?:\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ \S+?:)\s+(?=[*:#[-]|COMMIT)/

export const withoutStamp = (line: string): string => {
  const first = line.charCodeAt(0)
  // a digit or a capital letter
  const mayBe = (first >= 48 && first <= 57) || (first >= 65 && first <= 90)
  return mayBe && line.length > 16 ? line.replace(stamps, '') : line
}

const known = [
  /^Defaulted container /,
  /^command terminated with exit code/,
  /^(?:\[sudo\]|sudo:)/,
  /^Warning: /i,
  /^(?:Unable to use a TTY|error from server|Connection to \S+ closed)/i,
  /^(?:\+ |[$#>] |\S+@\S+[:~\]].*[$#]|\[\S+@\S+ [^\]]*\][$#])/,
  /^(?:ip6?tables|xtables)[\w-]*(?: v[\d.]+ \(\w+\))?: /,
  /^(?:```|~~~|---+|===+|<\/?\w+>$|Script (?:started|done))/,
  /^(?:sudo |kubectl |docker |crictl |nsenter )?.*\bip6?tables(?:-legacy|-nft)?(?:-save| -\w)/,
  /^[\w./ -]+:$/,
]

/** What shells and kubectl print around a dump. */
export const isNoise = (line: string): boolean => known.some((pattern) => pattern.test(line))

/** A program that could not read says so among what others printed: its rules are missing. */
export const isRefusal = (line: string): boolean =>
  /Permission denied|can't initialize ip6?tables|Operation not permitted|command not found/i.test(line)

export const refused = (line: string): string =>
  `rules are missing here, iptables could not read them: ${JSON.stringify(line.slice(0, 100))}; run it as root`
