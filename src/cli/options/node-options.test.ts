import { expect, test } from 'vitest'
import { parseConfig } from '../../agent/config/config.ts'
import { planeNames } from '../../dataplane/registry.ts'
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

test('mode iptables is its plane; without a mode the section iptables is no choice of a plane', () => {
  expect(planeFor({}, config('iptables'))).toBe('iptables')
  expect(planeFor({}, config('', 'iptables'))).toBe('iptables')
  expect(planeFor({ plane: 'auto' }, config('iptables'))).toBe('nftables')
})

test('mode ipvs is refused by name while there is no such plane', () => {
  expect(() => planeFor({}, config('ipvs'))).toThrow(
    `mode: ipvs: this version has no such plane, only ${planeNames.join(', ')}`,
  )
})

test('a plane that cannot run beside another proxy is refused with the reason', () => {
  const beside = { ...config('iptables'), proxyName: 'evenkeel' }
  expect(() => planeFor({}, beside)).toThrow(
    /^plane iptables: cannot run beside another proxy \(service-proxy-name evenkeel\): .*; take --plane nftables( or \w+)*$/,
  )
  expect(planeFor({ plane: 'nftables' }, beside)).toBe('nftables')
})
