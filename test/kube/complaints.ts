import { expect } from 'vitest'
import type { TestAgent } from './agent.ts'
import { until } from './until.ts'

/** What the agent has said of its source as a whole, in order. */
export const complaints = (of: TestAgent): readonly string[] =>
  of
    .log()
    .filter(({ level, source }) => (level === 'warn' || level === 'error') && source !== undefined)
    .map(({ msg }) => msg)

/** Waits until `status` and the log say so: one line, said once and not at each attempt. */
export const complains = (of: TestAgent, words: RegExp): Promise<void> =>
  until(async () => {
    expect((await of.status()).source.problem).toMatch(words)
    const lines = complaints(of).filter((line) => words.test(line))
    expect(lines.length).toBeGreaterThan(0)
    expect(new Set(lines).size).toBe(lines.length)
    for (const line of lines) expect(line).not.toContain('\n')
  })
