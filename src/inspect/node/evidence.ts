/** What was read where. */
export interface Evidence {
  /** a path, a table, a request: what anybody can look at again */
  readonly source: string
  readonly found: string
}

/** What could not be looked at, so that no finding does not read as "all is well". */
export interface Unseen {
  readonly source: string
  readonly reason: string
}
