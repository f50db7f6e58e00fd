import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endpointChain, servicePortNames } from './names.ts'

test('names that clusters have', () => {
  const dns = servicePortNames({ service: 'kube-system/kube-dns', portName: 'dns', protocol: 'UDP' })
  expect(dns).toMatchObject({
    servicePort: 'kube-system/kube-dns:dns',
    cluster: 'KUBE-SVC-TCOU7JCQXEZGVUNU',
    local: 'KUBE-SVL-TCOU7JCQXEZGVUNU',
    external: 'KUBE-EXT-TCOU7JCQXEZGVUNU',
    firewall: 'KUBE-FW-TCOU7JCQXEZGVUNU',
  })
  const api = servicePortNames({ service: 'default/kubernetes', portName: 'https', protocol: 'TCP' })
  expect(api.cluster).toBe('KUBE-SVC-NPX46M4PTMTKRN6Y')
  const web = servicePortNames({ service: 'ns1/svc1', portName: 'p80', protocol: 'TCP' })
  expect(web.cluster).toBe('KUBE-SVC-XPGD46QRK7WJZT7O')
  expect(endpointChain(web, '10.180.0.1:80')).toBe('KUBE-SEP-SXIVWICOYRO3J4NJ')
})

test('a port without a name is the Service’s name alone', () => {
  expect(servicePortNames({ service: 'shop/web', portName: '', protocol: 'TCP' }).servicePort).toBe('shop/web')
})

test('RFC 4648 base32 of the SHA-256, whatever it is', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bits = [...createHash('sha256').update(`${text}tcp`).digest()]
        .map((byte) => byte.toString(2).padStart(8, '0'))
        .join('')
      const expected = Array.from({ length: 16 }, (_, index) =>
        alphabet.charAt(Number.parseInt(bits.slice(index * 5, index * 5 + 5), 2)),
      ).join('')
      expect(servicePortNames({ service: text, portName: '', protocol: 'TCP' }).cluster).toBe(`KUBE-SVC-${expected}`)
    }),
  )
})
