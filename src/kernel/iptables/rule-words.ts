/** `-m comment --comment "shop/web:http"`: an extension and its options as they stand. */
export interface ExtensionWords {
  readonly name: string
  /** as written, from `-m` to the next one: equal texts are equal extensions */
  readonly text: string
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly negated: ReadonlySet<string>
}

/** A rule in the form of iptables-save, without `-A CHAIN`, in words. */
export interface RuleWords {
  /** `-s`, `-d`, `-i`, `-o`, `-p` → value */
  readonly head: ReadonlyMap<string, { readonly value: string; readonly negated: boolean }>
  readonly matches: readonly ExtensionWords[]
  /** null: the rule just counts */
  readonly target: (ExtensionWords & { readonly goto: boolean }) | null
}

const headOptions: ReadonlySet<string> = new Set(['-s', '-d', '-i', '-o', '-p'])

/** Null for anything that is not of this form. */
export const ruleWords = (rule: string): RuleWords | null => {
  const words = rule.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []
  const reader = new WordReader(words)
  return reader.rule()
}

class WordReader {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  rule(): RuleWords | null {
    const head = new Map<string, { value: string; negated: boolean }>()
    const matches: ExtensionWords[] = []
    let target: RuleWords['target'] = null
    while (this.#at < this.#words.length) {
      const negated = this.#words[this.#at] === '!'
      if (negated) this.#at++
      const option = this.#words[this.#at++] ?? ''
      const value = this.#words[this.#at++]
      if (value === undefined || target !== null) return null
      if (headOptions.has(option) && !head.has(option) && matches.length === 0) head.set(option, { value, negated })
      else if (option === '-m' && !negated) matches.push(this.#extension(value))
      else if ((option === '-j' || option === '-g') && !negated)
        target = { ...this.#extension(value), goto: option === '-g' }
      else return null
    }
    return { head, matches, target }
  }

  /** Options up to the next extension. */
  #extension(name: string): ExtensionWords {
    const from = this.#at
    const values = new Map<string, string[]>()
    const negated = new Set<string>()
    let current: string[] | null = null
    for (; this.#at < this.#words.length; this.#at++) {
      const word = this.#words[this.#at] ?? ''
      const next = word === '!' ? (this.#words[this.#at + 1] ?? '') : word
      if (next === '-m' || next === '-j' || next === '-g') break
      if (!next.startsWith('--')) {
        // a value without an option is nobody's
        current ??= valuesOf(values, '')
        current.push(unquoted(word))
        continue
      }
      if (word === '!') {
        negated.add(next)
        this.#at++
      }
      current = valuesOf(values, next)
    }
    return { name, text: this.#words.slice(from, this.#at).join(' '), values, negated }
  }
}

const valuesOf = (values: Map<string, string[]>, option: string): string[] => {
  const own = values.get(option) ?? []
  values.set(option, own)
  return own
}

const unquoted = (word: string): string => (word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1') : word)
