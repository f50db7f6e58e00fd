import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

function evenkeel(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr })
    })
  })
}

test.for([
  [['--version'], 0],
  [['--help'], 0],
  [['help', 'completion'], 0],
  [['completion', 'bash'], 0],
  [[], 2],
  [['nonsense'], 2],
  [['--nonsense'], 2],
  [['completion'], 2],
  [['completion', 'tcsh'], 2],
] as const)('evenkeel %s exits %i', async ([args, code]) => {
  const result = await evenkeel(...args)
  expect(result.code).toBe(code)
  if (code === 0) expect(result.stderr).toBe('')
  else expect(result).toMatchObject({ stdout: '', stderr: expect.stringMatching(/error: |^Usage: /) })
})

test('a command that is not known is answered with one that is', async () => {
  const { stderr } = await evenkeel('completions')
  expect(stderr).toContain("error: unknown command 'completions'\n(Did you mean completion?)")
})

test('a reader that has gone is no error', async () => {
  const { code, stderr } = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const child = execFile(process.execPath, [main, 'completion', 'bash'], (_, _stdout, text) => {
      resolve({ code: child.exitCode, stderr: text })
    })
    child.stdout?.destroy()
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
