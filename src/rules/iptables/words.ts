const SPACE = 32
const TAB = 9
const QUOTE = 34
const BACKSLASH = 92

export interface Words {
  readonly words: readonly string[]
  /** a quote was opened and never closed: the line was cut */
  readonly open: boolean
}

/** Splits a line as iptables-restore does (xshared.c, add_param_to_argv): at blanks, except in double quotes; `\` takes the next character as it is there. */
export const splitWords = (line: string, from = 0): Words => {
  const words: string[] = []
  const { length } = line
  let at = from
  while (at < length) {
    const code = line.charCodeAt(at)
    if (code === SPACE || code === TAB) {
      at++
      continue
    }
    if (code === QUOTE) {
      const end = closingQuote(line, at + 1)
      words.push(unescape(line.slice(at + 1, end < 0 ? length : end)))
      if (end < 0) return { words, open: true }
      at = end + 1
      continue
    }
    const start = at
    for (; at < length; at++) {
      const next = line.charCodeAt(at)
      if (next === SPACE || next === TAB) break
    }
    words.push(line.slice(start, at))
  }
  return { words, open: false }
}

const closingQuote = (line: string, from: number): number => {
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return -1
}

const unescape = (text: string): string => (text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text)

/** As xtables_save_string prints it: bare where it has only letters, digits, `_` and `-`. */
const quoteWord = (word: string): string => (/^[\w-]+$/.test(word) ? word : `"${word.replace(/["\\']/g, '\\$&')}"`)

/** A word that needs no quotes to be read back is printed bare, as iptables prints the values of options. */
export const printWord = (word: string): string => (/^[^\s"'\\]+$/.test(word) ? word : quoteWord(word))
