/** Values by key for as long as somebody else holds them: what nobody uses any more costs nothing, however many keys come and go. */
export class WeakValues<V extends object> {
  readonly #references = new Map<string, WeakRef<V>>()
  readonly #registry = new FinalizationRegistry<string>((key) => {
    // the key may have a younger value by now
    if (this.#references.get(key)?.deref() === undefined) this.#references.delete(key)
  })

  /** Keys whose value is still there or was collected a moment ago. */
  get size(): number {
    return this.#references.size
  }

  /** The value that somebody still holds, or a new one. */
  get(key: string, make: () => V): V {
    const known = this.#references.get(key)?.deref()
    if (known !== undefined) return known
    const value = make()
    this.#references.set(key, new WeakRef(value))
    this.#registry.register(value, key)
    return value
  }
}
