import { readFile, writeFile } from 'node:fs/promises'
import { configurationFiles } from '../test/support/config-reference.ts'

/** `scripts/node scripts/config-reference.ts`: writes the tables of docs/configuration.md and the JSON Schemas from the fields. */
for (const { file, render } of configurationFiles)
  await writeFile(file, render(await readFile(file, 'utf8').catch(() => '')))
