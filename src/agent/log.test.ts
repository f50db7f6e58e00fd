import { expect, test } from 'vitest'
import { shortLine } from './log.ts'

test('a line for people', () => {
  const json = JSON.stringify({
    level: 'warn',
    time: '2026-01-02T03:04:05.678Z',
    frontend: '10.96.0.1:80/TCP',
    attempts: 2,
    msg: 'a frontend cannot be put in place',
  })
  expect(shortLine(json)).toBe(
    '03:04:05 warn  a frontend cannot be put in place  frontend=10.96.0.1:80/TCP  attempts=2\n',
  )
})

test('what comes from a manifest cannot move the cursor or begin a line', () => {
  const json = JSON.stringify({ level: 'warn', time: '', object: 'a\n\u001b[2Jb', msg: 'a fault in the input' })
  expect(shortLine(json)).toBe('         warn  a fault in the input  object=a\\n\\u001b[2Jb\n')
})
