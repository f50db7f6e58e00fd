import type { InputProblem } from '../../model/snapshot.ts'

/** `shop.yaml:12: Service shop/web: spec.ports[0].port: must be …`, without the parts that are not known. */
export const formatProblem = ({ where, object, field, message }: InputProblem): string =>
  [where, object, field, message].filter((part) => part !== '').join(': ')

/** One line each on stderr. */
export const printProblems = (problems: readonly InputProblem[], severity: 'problem' | 'warning' = 'problem'): void => {
  for (const problem of problems) process.stderr.write(`${severity}: ${formatProblem(problem)}\n`)
}
