import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../../util/clock.ts'
import { silent } from '../../util/log.ts'
import { parseConfig } from './config.ts'
import { watchConfig } from './watch.ts'

const text = (more = ''): string =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${more}`

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-watch-'))
})
afterEach(() => rm(directory, { recursive: true }))

/** Each look is let happen by hand. */
const watching = async () => {
  const file = join(directory, 'config.yaml')
  await writeFile(file, text())
  const waiting: (() => void)[] = []
  const said: string[] = []
  let changes = 0
  const clock: Clock = { now: () => 0, wall: () => 0, after: (_, run) => (waiting.push(run), () => void waiting.pop()) }
  const stop = watchConfig({
    file,
    content: Buffer.from(text()),
    parse: (content) => parseConfig(content, file, {}),
    clock,
    log: { ...silent, error: (fields) => void said.push((fields as { reason: string }).reason) },
    onChange: () => void changes++,
  })
  const look = async (): Promise<void> => {
    waiting.pop()?.()
    // reading a file takes as long as the machine is busy
    for (let i = 0; i < 4_000 && waiting.length === 0 && changes === 0; i++)
      await new Promise((next) => setTimeout(next, 1))
  }
  return { file, look, stop, said, changes: () => changes, waiting }
}

test('the same content is no change, another one is', async () => {
  const { file, look, changes, waiting } = await watching()
  await look()
  await writeFile(file, text())
  await look()
  expect(changes()).toBe(0)
  await writeFile(file, text('mode: nftables\n'))
  await look()
  expect([changes(), waiting.length]).toEqual([1, 0])
})

test('what cannot be used is said once and changes nothing', async () => {
  const { file, look, changes, said } = await watching()
  await writeFile(file, text('mode: ipfw\n'))
  await look()
  await look()
  expect(said).toEqual([`${file}:3: mode: must be nftables, iptables, ipvs, not "ipfw"`])
  await rm(file)
  await look()
  expect(said[1]).toContain('ENOENT')
  await writeFile(file, text('mode: nftables\n'))
  await look()
  expect(changes()).toBe(1)
})

test('ended, it looks no more', async () => {
  const { stop, waiting } = await watching()
  stop()
  expect(waiting).toEqual([])
})
