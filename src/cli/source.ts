/** The directory of `--source manifests:DIR`. Throws for every other source. */
export const manifestsOf = (source: string): string => {
  const [, kind, place] = /^(\w+)(?::(.+))?$/s.exec(source) ?? []
  if (kind === 'manifests' && place !== undefined) return place
  if (kind === 'kubernetes') throw new Error('--source kubernetes: not in this version; use manifests:DIR')
  throw new Error(`--source ${JSON.stringify(source)}: must be manifests:DIR`)
}
