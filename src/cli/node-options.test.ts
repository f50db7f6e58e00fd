import { expect, test } from 'vitest'
import { parseConfig } from '../agent/config.ts'
import { planeFor } from './node-options.ts'

const config = (mode: string, plane = '') => {
  const own =
    plane === '' ? '' : `---\napiVersion: evenkeel.io/v1alpha1\nkind: EvenkeelConfiguration\nplane: ${plane}\n`
  const text = `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: '${mode}'\n${own}`
  return parseConfig(Buffer.from(text), 'x', {}).config
}

test('no mode is the best plane; --plane wins over plane, plane over mode', () => {
  expect(planeFor({}, config(''))).toBe('nftables')
  expect(planeFor({}, config('ipvs', 'auto'))).toBe('nftables')
  expect(planeFor({ plane: 'nftables' }, config('iptables'))).toBe('nftables')
})

test.each(['iptables', 'ipvs'])('mode %s is refused by name while there is no such plane', (mode) => {
  expect(() => planeFor({}, config(mode))).toThrow(`mode: ${mode}: this version has no such plane, only nftables`)
})
