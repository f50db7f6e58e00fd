import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { following, type Following, node, service, soon } from '../../../test/support/following-api.ts'

vi.setConfig({ testTimeout: 30_000 })

let on: Following
beforeEach(async () => {
  on = await following()
})
afterEach(() => on[Symbol.asyncDispose]())

describe('a server that is away', () => {
  it('changes nothing, is told once, and is found again', async () => {
    on.api.put(service('a'))
    const source = await on.start()
    await source.synced
    await on.watched()
    await on.api.close()
    await soon(() =>
      expect(source.status()).toMatchObject({ stale: true, problem: expect.stringContaining('refuses connections') }),
    )
    expect(source.status().since).toBeGreaterThan(0)
    expect(on.services()).toEqual(['a:80'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(on.lines.filter((line) => line.includes('refuses'))).toHaveLength(1)
    on.api.put(service('b'))
    await on.api.open()
    await on.become('a:80', 'b:80')
    // the server knows of the watches a moment before the source hears that they are there
    await soon(() => expect(source.status()).not.toHaveProperty('problem'))
    expect(on.lines.at(-1)).toBe('info the API server is followed again')
  })

  it('is waited for at the start', async () => {
    await on.api.close()
    const source = await on.start({ client: { kubeconfig: await on.kubeconfig() } })
    await soon(() => expect(source.status().problem).toContain('refuses connections'))
    expect(source.status()).toMatchObject({ synced: false, stale: false })
    await on.api.open()
    await source.synced
  })

  it('is not pressed: it says how long to wait', async () => {
    let refused = 0
    on.api.intercept = ({ resource }) => {
      if (resource !== 'services' || refused > 0) return null
      refused++
      return { status: 429, headers: { 'retry-after': '2' } }
    }
    const begun = performance.now()
    await (await on.start()).synced
    expect(performance.now() - begun).toBeGreaterThan(1900)
  })
})

describe('what is not allowed or not there', () => {
  const forbid = (resource: string, status: number): void => {
    const message = `${resource} is forbidden: User "system:proxy" cannot watch resource "${resource}"`
    on.api.intercept = (request) =>
      request.resource === resource ? { status, body: JSON.stringify({ kind: 'Status', code: status, message }) } : null
  }

  it('ServiceCIDRs: the rest goes on without', async () => {
    forbid('servicecidrs', 403)
    on.api.put(service('a'))
    const source = await on.start()
    await source.synced
    expect(on.services()).toEqual(['a:80'])
    await soon(() => expect(on.api.watchers).toBe(3))
    expect(source.status()).toMatchObject({
      stale: false,
      problem: expect.stringMatching(/^forbidden: servicecidrs .* cannot watch .*; the rest goes on without$/),
    })
  })

  it('Services: it waits, and says which right is missing', async () => {
    forbid('services', 403)
    const source = await on.start()
    await soon(() => expect(source.status().problem).toMatch(/cannot watch resource "services".*ClusterRole/))
    expect(source.status().synced).toBe(false)
    on.api.intercept = () => null
    await source.synced
  })

  it('the Node: it goes on, and says so until it comes', async () => {
    const source = await on.start({ nodeName: 'node-z', nodeWaitMs: 20 })
    await source.synced
    expect(source.status().problem).toContain('there is no Node "node-z"')
    await on.watched()
    on.api.put(node('node-z'))
    await soon(() => expect(source.status()).not.toHaveProperty('problem'))
  })
})

describe('credentials', () => {
  it('are read again when they are refused', async () => {
    const file = join(on.directory, 'token')
    await writeFile(file, 'old\n')
    on.api.intercept = ({ headers }) => {
      if (headers.authorization === 'Bearer new') return null
      void writeFile(file, 'new\n')
      return { status: 401 }
    }
    const source = await on.start({ client: { kubeconfig: await on.kubeconfig({ tokenFile: 'token' }) } })
    await source.synced
  })

  it('come from a plugin, which is run again when they are refused', async () => {
    const plugin = join(on.directory, 'plugin.sh')
    const credential =
      '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t%s"}}'
    await writeFile(
      plugin,
      `#!/bin/sh\nn=$(cat "$0.n" 2>/dev/null || echo 0); n=$((n+1)); echo $n > "$0.n"; printf '${credential}' $n\n`,
      { mode: 0o755 },
    )
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin.sh' }
    on.api.intercept = ({ headers }) => (headers.authorization === 'Bearer t2' ? null : { status: 401 })
    const source = await on.start({ client: { kubeconfig: await on.kubeconfig({ exec }) } })
    await source.synced
  })

  it('that stay refused are told, and tried again', async () => {
    on.api.intercept = () => ({ status: 401 })
    const source = await on.start()
    await soon(() => expect(source.status().problem).toContain('does not accept the credentials'))
    on.api.intercept = () => null
    await source.synced
  })
})

describe('objects with faults', () => {
  it('are told of and leave what they said before in force', async () => {
    on.api.put(service('good'))
    await (await on.start()).synced
    await on.watched()
    on.api.put(service('good', { clusterIP: 'nonsense' }))
    await soon(() => expect(on.problems()).toMatchObject([{ object: 'Service shop/good', where: 'services' }]))
    expect(on.services()).toEqual(['good:80'])
    on.api.remove(service('good'))
    await soon(() => expect(on.problems()).toEqual([]))
    expect(on.services()).toEqual([])
  })
})
