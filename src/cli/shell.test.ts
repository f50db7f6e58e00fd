import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

test('a stdout that cannot be written: exit 2 with a sentence, never the 1 of a problem that was found', (context) => {
  if (!existsSync('/dev/full')) return context.skip('there is no /dev/full here, the device that is always full')
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(process.execPath, [main, 'skew', '--counts', '100,1'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
    timeout: 60_000,
  })
  closeSync(full)
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: 'evenkeel: stdout cannot be written: ENOSPC: no space left on device, write\n',
  })
})
