import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findAccess } from './access.ts'
import { connect } from './client.ts'
import { checkFiles, readCredentials } from './credentials.ts'
import { runPlugin } from './exec-plugin.ts'
import { type Access, parseKubeconfig } from './kubeconfig.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-access-'))
})
afterEach(() => rm(directory, { recursive: true }))

const write = async (name: string, text: string, mode = 0o644): Promise<string> => {
  const file = join(directory, name)
  await writeFile(file, text, { mode })
  return file
}

const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
const config = (more: { cluster?: object; user?: object; current?: string } = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443', ...more.cluster } }],
      users: [{ name: 'u', user: more.user ?? {} }],
      contexts: [
        { name: 'one', context: { cluster: 'c', user: 'u' } },
        { name: 'two', context: { cluster: 'gone', user: 'u' } },
      ],
      'current-context': more.current ?? 'one',
    }),
  )

const parsed = (content: Buffer, file: string, context = ''): Access => parseKubeconfig([{ content, file }], context)

describe('a kubeconfig', () => {
  it('gives a cluster and a user, paths from where it stands', () => {
    const { cluster, user } = parsed(
      config({
        cluster: { 'certificate-authority': 'ca.pem', 'tls-server-name': 'api' },
        user: { tokenFile: 'token', as: 'jane', 'as-groups': ['a', 'b'], 'client-key': '/abs/key' },
      }),
      '/etc/kubernetes/proxy.conf',
    )
    expect(cluster).toMatchObject({ ca: { file: '/etc/kubernetes/ca.pem' }, insecure: false, tlsServerName: 'api' })
    expect(user).toMatchObject({
      tokenFile: '/etc/kubernetes/token',
      key: { file: '/abs/key' },
      impersonation: { 'Impersonate-User': 'jane', 'Impersonate-Group': ['a', 'b'] },
    })
  })

  it('may hold its certificates itself', () => {
    const data = Buffer.from(pem).toString('base64')
    expect(parsed(config({ cluster: { 'certificate-authority-data': data } }), 'f').cluster.ca).toEqual({
      text: pem,
    })
  })

  it.each([
    ['nothing', '', '', 'f: is empty'],
    ['something else', 'kind: Pod', '', 'f: is no kubeconfig'],
    ['broken YAML', 'clusters: [', '', 'f:1: is not YAML'],
    ['a context that is not there', config(), 'three', 'f: there is no context "three": contexts are one, two'],
    [
      'a cluster that is not there',
      config(),
      'two',
      'f: the context names the cluster "gone", which is not there: clusters are c',
    ],
    ['no URL', config({ cluster: { server: '10.0.0.1' } }), '', 'f: server: must be a URL like https://10.0.0.1:6443'],
    [
      'no PEM',
      config({ cluster: { 'certificate-authority-data': 'AAAA' } }),
      '',
      'certificate-authority-data: must be PEM',
    ],
    [
      'a plugin of another time',
      config({ user: { exec: { command: 'x', apiVersion: 'v0' } } }),
      '',
      'exec.apiVersion: must be client.authentication.k8s.io/v1',
    ],
    [
      'a plugin that asks',
      config({
        user: { exec: { command: 'x', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Always' } },
      }),
      '',
      'nobody is there to answer',
    ],
  ])('that holds %s is refused', (_, content, context, message) => {
    expect(() => parsed(Buffer.from(content), 'f', context)).toThrow(message)
  })
})

describe('the way to the API server', () => {
  const inPod = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }

  it('is the kubeconfig that is named, and a file that is not there is fatal', async () => {
    await expect(findAccess({ kubeconfig: join(directory, 'none') }, {}, directory)).rejects.toThrow(
      /^the kubeconfig cannot be read: ENOENT/,
    )
  })

  it('is in several files together: each name counts where it stands first, and paths are relative to its file', async () => {
    const users = await write('users', JSON.stringify({ users: [{ name: 'u', user: { tokenFile: 'token' } }] }))
    const elsewhere = await mkdtemp(join(directory, 'elsewhere-'))
    const rest = join(elsewhere, 'config')
    await writeFile(
      rest,
      config({ cluster: { server: 'https://a', 'certificate-authority': 'ca' }, user: { token: 'x' }, current: 'one' }),
    )
    const last = await write('last', config({ cluster: { server: 'https://b' }, current: 'two' }).toString())
    const env = { KUBECONFIG: [join(directory, 'none'), users, rest, last].join(delimiter) }
    await expect(findAccess({}, env, directory)).resolves.toEqual(
      expect.objectContaining({
        context: 'one',
        cluster: expect.objectContaining({ server: 'https://a', ca: { file: join(elsewhere, 'ca') } }),
        user: expect.objectContaining({ token: '', tokenFile: join(directory, 'token') }),
        files: [users, rest, last],
      }),
    )
  })

  it.each([
    ['none of several is there', ['none', 'neither'], 'ENOENT'],
    ['one of several is broken', ['good', 'broken'], 'broken:1: is not YAML'],
  ])('is refused where %s', async (_, names, message) => {
    await write('good', config().toString())
    await write('broken', 'clusters: [')
    const env = { KUBECONFIG: names.map((name) => join(directory, name)).join(delimiter) }
    await expect(findAccess({}, env, directory)).rejects.toThrow(message)
  })

  it('is $KUBECONFIG, then the service account; --master wins over the server', async () => {
    const file = await write('config', config().toString())
    await expect(findAccess({}, { KUBECONFIG: file }, directory)).resolves.toMatchObject({ where: file })
    await write('token', 't')
    await expect(findAccess({ master: 'http://127.0.0.1:8001' }, inPod, directory)).resolves.toMatchObject({
      where: 'the service account',
      cluster: { server: 'http://127.0.0.1:8001', ca: { file: join(directory, 'ca.crt') } },
      user: { tokenFile: join(directory, 'token') },
    })
    await expect(findAccess({}, inPod, directory)).resolves.toMatchObject({
      cluster: { server: 'https://[fd00::1]:443' },
    })
  })

  it.each([
    ['a service account without a server', {}, 'KUBERNETES_SERVICE_HOST is not set'],
    ['a master that is no URL', { master: 'here' }, '--master must be a URL'],
  ])('that is %s is refused', async (_, options, message) => {
    await write('token', 't')
    await expect(findAccess(options, 'master' in options ? inPod : {}, directory)).rejects.toThrow(message)
  })

  it('needs the files that the kubeconfig names', async () => {
    const kubeconfig = await write('config', config({ user: { tokenFile: 'token' } }).toString())
    await expect(connect({ kubeconfig })).rejects.toThrow(
      `${join(directory, 'token')}, which ${kubeconfig} names, cannot be read (ENOENT): put it there, or correct the path`,
    )
  })
})

describe('credentials', () => {
  const access = (user: object) => parsed(config({ user }), join(directory, 'config'))

  it('are read each time, for files rotate', async () => {
    await write('token', 'one\n')
    const read = readCredentials(access({ tokenFile: 'token' }), Date.now)
    expect((await read(null)).headers).toEqual({ authorization: 'Bearer one' })
    await write('token', 'two\n')
    expect((await read(null)).headers).toEqual({ authorization: 'Bearer two' })
    await rm(join(directory, 'token'))
    await expect(read(null)).rejects.toThrow('cannot be read (ENOENT)')
    await expect(checkFiles(access({ tokenFile: 'token' }))).rejects.toThrow('cannot be read')
  })

  it('may be a name and a password', async () => {
    const read = readCredentials(access({ username: 'jane', password: 'x' }), Date.now)
    expect((await read(null)).headers).toEqual({ authorization: 'Basic amFuZTp4' })
  })

  it('of a plugin are kept until they expire', async () => {
    let now = 0
    const status = '"expirationTimestamp":"1970-01-01T00:01:00Z"'
    const text = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s",${status}}}`
    await write('plugin', `#!/bin/sh\necho x >> "$0.runs"; printf '${text}' "$(wc -l < "$0.runs")"\n`, 0o755)
    const exec = { command: './plugin', apiVersion: 'client.authentication.k8s.io/v1' }
    const read = readCredentials(access({ exec }), () => now)
    const both = await Promise.all([read(null), read(null)])
    expect(both.map(({ headers }) => headers)).toEqual([{ authorization: 'Bearer 1' }, { authorization: 'Bearer 1' }])
    now = 49_000
    expect((await read(null)).headers).toEqual({ authorization: 'Bearer 1' })
    now = 51_000
    expect((await read(null)).headers).toEqual({ authorization: 'Bearer 2' })
  })
})

describe('a plugin that fails', () => {
  const plugin = {
    apiVersion: 'client.authentication.k8s.io/v1',
    args: [],
    env: {},
    installHint: 'get it at x',
    provideClusterInfo: false,
  }

  it.each([
    ['exit 3', 'echo lost the key >&2; exit 3', 'failed with exit code 3: lost the key'],
    ['no JSON', 'echo hello', 'wrote no JSON'],
    ['another kind', 'echo "{}"', 'wrote no ExecCredential'],
    [
      'another version',
      'echo \'{"kind":"ExecCredential","apiVersion":"v9"}\'',
      'answers in v9, the kubeconfig asks for',
    ],
    [
      'nothing',
      'echo \'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}\'',
      'wrote neither a token nor',
    ],
  ])('with %s is named', async (_, script, message) => {
    const command = await write('plugin', `#!/bin/sh\n${script}\n`, 0o755)
    await expect(runPlugin({ ...plugin, command }, {})).rejects.toThrow(`the credential plugin ${command} ${message}`)
  })

  it('by not being there is named with its hint', async () => {
    await mkdir(join(directory, 'bin'))
    const command = join(directory, 'bin', 'none')
    await expect(runPlugin({ ...plugin, command }, {})).rejects.toThrow(`${command} is not there: get it at x`)
  })
})
