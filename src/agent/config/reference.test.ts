import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { kubeProxyFieldPaths, kubeProxyFlagNames } from '../../../test/support/kube-proxy-golden.ts'
import { configurationFiles } from '../../../test/support/config-reference.ts'

test.each(configurationFiles)('$file is what the fields say', async ({ file, render }) => {
  const current = await readFile(file, 'utf8')
  expect(current, 'scripts/node scripts/config-reference.ts writes it').toBe(render(current))
})

test('docs/configuration.md has a row for every field and every flag of kube-proxy 1.36', async () => {
  const text = await readFile(configurationFiles[0]?.file ?? '', 'utf8')
  for (const path of kubeProxyFieldPaths) expect(text).toContain(`| \`${path}\` |`)
  for (const flag of kubeProxyFlagNames) expect(text).toMatch(new RegExp(`\\| \`(-v, )?--${flag}\` \\|`))
})
