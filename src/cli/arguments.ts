import { InvalidArgumentError } from 'commander'

/** Values of an option that may come several times. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

/** Reads a whole number from `min` to `max`. */
export const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number ${min} to ${max}.`)
    return value
  }
