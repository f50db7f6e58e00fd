/** Text in lines of at most 100 characters where its words allow it, each after `indent`. */
export const wrapped = (text: string, indent = ''): string => {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const longer = line === indent ? line + word : `${line} ${word}`
    if (longer.length > 100 && line !== indent) {
      lines.push(line)
      line = indent + word
    } else line = longer
  }
  if (line !== indent) lines.push(line)
  return lines.map((one) => `${one}\n`).join('')
}
