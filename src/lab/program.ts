import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** This program, as it runs now: from the sources or as built. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** A module of this folder as a script's path. */
export const scriptPath = (name: string): string => fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url))

/** The command that runs `evenkeel` itself, so that agents are of the same build as their lab. */
export const evenkeel = (...args: readonly string[]): string[] => [
  process.execPath,
  fileURLToPath(new URL(`../cli/main.${extension}`, import.meta.url)),
  ...args,
]

/** How a person calls it from here. */
export const shownEvenkeel = (): string => {
  const path = fileURLToPath(new URL('../../bin/evenkeel', import.meta.url))
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
