/** A scenario that comes with the program, known by its name. */
export interface ReadyScenario {
  readonly name: string
  /** half a line */
  readonly summary: string
  /** the file as somebody would write it: a beginning for one's own */
  readonly text: string
}
