/** Names of elements that are opened and not closed, or closed and not opened. */
export const unbalanced = (svg: string): readonly string[] => {
  const open: string[] = []
  for (const [, closing, name = '', rest = ''] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/g)) {
    if (closing === '/') {
      if (open.pop() !== name) return [name]
    } else if (!rest.endsWith('/')) open.push(name)
  }
  return open
}
