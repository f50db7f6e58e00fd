import type { ShadowDifference, ShadowStatus } from '../../agent/shadow/status.ts'
import { describePacket } from '../../inspect/compare.ts'

const LISTED = 20

/** What `run --shadow` has found, for people. `now`: ms since the epoch. */
export const shadowText = (status: ShadowStatus, { now }: { readonly now: number }): string => {
  const { frontends, compared, differences, settling, unsure, rules } = status
  const lines = [
    `shadow: nothing is written; ${compared} of ${frontends} frontends compared with the rules in force`,
    ...(rules.unreadable === '' ? [] : [`the rules cannot be read: ${rules.unreadable}`]),
    differences.length === 0
      ? 'no difference'
      : `${differences.length === 1 ? '1 frontend differs' : `${differences.length} frontends differ`}:`,
    ...listed(differences, (one) => differenceText(one, now)),
    ...(settling === 0 ? [] : [`${settling} differ for less than ${Math.round(status.settle / 1000)} s`]),
    ...(unsure.length === 0 ? [] : [`${unsure.length} ${plural('frontend', unsure.length)} cannot be told:`]),
    ...listed(unsure, ({ frontend, packet, why }) => [`  ${frontend}: ${describePacket(packet)}: ${why}`]),
    ...listed(rules.problems, (problem) => [`rules: ${problem}`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const differenceText = ({ frontend, service, packet, planned, found, since }: ShadowDifference, now: number) => [
  `  ${frontend} (${service === '' ? 'not planned' : service}), since ${Math.max(0, Math.round((now - since) / 1000))} s: ${describePacket(packet)}`,
  `    the rules: ${found}`,
  `    the plan:  ${planned}`,
]

const listed = <T>(all: readonly T[], text: (one: T) => readonly string[]): readonly string[] => [
  ...all.slice(0, LISTED).flatMap(text),
  ...(all.length > LISTED ? [`  and ${all.length - LISTED} more`] : []),
]

const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`)
