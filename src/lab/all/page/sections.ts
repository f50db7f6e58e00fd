import type { PartOutcome, PartResult } from '../report.ts'
import { imbalanceSection } from './imbalance-section.ts'
import { scaleSection } from './scale-section.ts'
import type { Result, Section } from './section.ts'
import { spreadSection } from './spread-section.ts'
import { walkthroughSection } from './walkthrough-section.ts'

export const sectionOf = ({ name, summary, outcome }: PartResult): Section => {
  const faults = outcome.state === 'done' ? outcome.faults : outcome.state === 'failed' ? [outcome.reason] : []
  return { name, summary, result: resultOf(outcome), faults, ...bodyOf(outcome) }
}

const resultOf = (outcome: PartOutcome): Result => {
  switch (outcome.state) {
    case 'done': {
      const { faults } = outcome
      if (faults.length > 0) return { words: `${faults.length} not as expected${insideOf(outcome)}`, tone: 'bad' }
      return outcome.report.runs.length === 0
        ? { words: 'nothing could be run here', tone: 'plain' }
        : { words: `as expected${insideOf(outcome)}`, tone: 'good' }
    }
    case 'failed':
      return { words: 'could not be measured', tone: 'bad' }
    case 'left out':
      return { words: `not run: ${outcome.reason}`, tone: 'plain' }
  }
}

const insideOf = (outcome: Extract<PartOutcome, { readonly state: 'done' }>): string =>
  outcome.kind === 'imbalance'
    ? `; ${outcome.report.series.inside} of ${outcome.report.series.runs} runs inside the band`
    : ''

const bodyOf = (outcome: PartOutcome): Omit<Section, 'name' | 'summary' | 'result' | 'faults'> => {
  if (outcome.state !== 'done') return { claims: [], charts: [], tables: [], findings: [], skipped: [] }
  switch (outcome.kind) {
    case 'spread':
      return spreadSection(outcome.report)
    case 'walkthrough':
      return walkthroughSection(outcome.report)
    case 'scale':
      return scaleSection(outcome.report)
    case 'imbalance':
      return imbalanceSection(outcome.report)
  }
}
