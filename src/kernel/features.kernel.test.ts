import { execFileSync } from 'node:child_process'
import { release } from 'node:os'
import { beforeAll, expect, test } from 'vitest'
import { silent } from '../util/log.ts'
import { type Features, probeFeatures } from './features.ts'
import { openKernel } from './index.ts'
import { enterPrivateNetwork } from './namespace.ts'
import type { Nftables } from './nftables/types.ts'

let nftables: Nftables
beforeAll(async () => {
  await enterPrivateNetwork()
  nftables = await (await openKernel()).nftables(silent)
})

/** Below 5.9 a kernel lacks something that we use; from there on all must be there. */
test(`kernel ${release()} has all that is used, and trying leaves nothing behind`, async () => {
  const features = await probeFeatures(nftables)
  expect(Object.entries(features).filter(([, { answer }]) => answer !== 'yes')).toEqual([])
  expect(execFileSync('nft', ['list', 'ruleset'], { encoding: 'utf8' })).toBe('')
})

test('without permission the answer is that it is not known', () => {
  const script = `
    const { openKernel } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)})
    const { probeFeatures } = await import(${JSON.stringify(new URL('features.ts', import.meta.url).href)})
    await using nftables = await (await openKernel()).nftables({ debug() {}, info() {}, warn() {}, error() {} })
    console.log(JSON.stringify(await probeFeatures(nftables)))`
  const args = ['--bounding-set=-net_admin', process.execPath, '--input-type=module', '-e', script]
  const features = JSON.parse(execFileSync('setpriv', args, { encoding: 'utf8' })) as Features
  expect(features.slotMaps.answer).toBe('inconclusive')
  expect(JSON.stringify(features.slotMaps)).toContain('CAP_NET_ADMIN')
})
