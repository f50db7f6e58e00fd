import { InvalidArgumentError } from 'commander'

/** Values of an option that may come several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/**
 * Throws where `-` stands in more than one place: stdin can be read once. `places` are flags with the paths that they were given.
 */
export const stdinOnce = (places: Readonly<Record<string, readonly string[] | undefined>>): void => {
  const used = Object.entries(places).flatMap(([flag, paths = []]) =>
    paths.filter((path) => path === '-').map(() => flag),
  )
  if (used.length > 1)
    throw new Error(`stdin can be read once only, and - stands in ${used.join(' and ')}: write one of them to a file`)
}

/** Reads a whole number from `min` to `max`. */
export const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number ${min} to ${max}.`)
    return value
  }
