import type { Problem } from '../../rules/problem.ts'

/** Something in a dump that its reader could not take as it stands. */
export type DumpProblem = Problem

/** `node.txt:12: …` */
export const formatDumpProblem = ({ file, line, text }: DumpProblem): string =>
  line === undefined ? `${file}: ${text}` : `${file}:${line}: ${text}`
