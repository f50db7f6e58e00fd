/** Something in other people's rules that their reader could not take as it stands. */
export interface Problem {
  /** as given on the command line, `stdin`, or `kernel …` for what was read live */
  readonly file: string
  /** 1-based; absent: the file as a whole */
  readonly line?: number
  /** what is wrong and, where there is one, the cure */
  readonly text: string
  /** true: rules are missing or false, so every answer from this dump is partial; default false: worth knowing */
  readonly doubt?: boolean
}
