import { CommandError, exec } from '../kernel/exec.ts'

/** Lines of `ip -batch`, run inside a network namespace (or, to make namespaces, outside). Stops at the first that fails. */
export const ipBatch = async (lines: readonly string[], netns?: string): Promise<void> => {
  if (lines.length === 0) return
  const inside = netns === undefined ? [] : ['-n', netns]
  try {
    await exec('ip', [...inside, '-batch', '-'], { input: `${lines.join('\n')}\n` })
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    // "Command failed -:3" counts from 1
    const failed = /Command failed -:(\d+)/.exec(error.stderr)?.[1]
    const line = failed === undefined ? undefined : lines[Number(failed) - 1]
    if (line === undefined) throw error
    const said = error.stderr.replace(/\n?Command failed -:\d+/, '')
    throw new Error(`ip ${[...inside, line].join(' ')}: ${said}`, { cause: error })
  }
}

/** The names of all network namespaces that `ip` knows. */
export const listNetns = async (): Promise<readonly string[]> => {
  const out = await exec('ip', ['netns', 'list'])
  return out
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name !== '')
}

/** The arguments after `ip` that run a command in a network namespace; the process becomes the command. */
export const inNetns = (netns: string, command: readonly string[]): string[] => ['netns', 'exec', netns, ...command]
