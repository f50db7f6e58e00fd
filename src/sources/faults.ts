import type { InputProblem } from '../model/snapshot.ts'

/** From an object's root to a field: `['spec', 'ports', 0, 'port']`. */
export type Path = readonly (string | number)[]

/** Where a field stands in what was read, e.g. `web.yaml:12`. */
export type Where = (path: Path) => string

interface Fault {
  path: (string | number)[]
  readonly message: string
  /** what is left out because of it; '' until an enclosing list has dropped its element */
  lost: string
}

/** What is wrong with one object. Readers add paths relative to the value they hold; nothing is paid for a faultless object. */
export class Faults {
  readonly #faults: Fault[] = []
  #open = 0

  /** Faults that nobody has contained yet. While there are any, the value that was read must not be used. */
  get open(): number {
    return this.#open
  }

  /** A position for `contain` and `nest`. */
  get length(): number {
    return this.#faults.length
  }

  add(key: string | number, message: string): void {
    this.#faults.push({ path: [key], message, lost: '' })
    this.#open++
  }

  /** A fault that costs no more than `lost`, which the reader leaves out itself. */
  note(key: string | number, message: string, lost: string): void {
    this.#faults.push({ path: [key], message, lost })
  }

  /** The faults since `from` are about the value under `key`. */
  nest(from: number, key: string | number): void {
    for (let i = from; i < this.#faults.length; i++) this.#faults[i]?.path.unshift(key)
  }

  /** The faults since `from` cost no more than `lost`: the caller drops it. */
  contain(from: number, lost: string): void {
    for (const fault of this.#faults.slice(from)) {
      if (fault.lost !== '') continue
      fault.lost = lost
      this.#open--
    }
  }

  /** Each says what is left out, but for those that cost the object: whether an earlier version of it stays is not known here. */
  problems(object: string, where: Where): InputProblem[] {
    const problems = new Map<string, InputProblem>()
    for (const { path, message, lost } of this.#faults) {
      const field = formatPath(path)
      // a map that is none is met once for every reader that looks into it
      problems.set(`${field} ${message}`, {
        where: where(path),
        object,
        field,
        message: lost === '' ? message : `${message}; ${lost} is left out`,
      })
    }
    return [...problems.values()]
  }
}

/** As Kubernetes prints them: `spec.ports[0].port`, `metadata.labels[app.kubernetes.io/name]`. */
export const formatPath = (path: Path): string => {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number' || /[./]/.test(step)) text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** A value as it is named in a message; short whatever the value is. */
export const show = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)
}
