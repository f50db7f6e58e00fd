import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { startVitest, type TestCase, type Vitest } from 'vitest/node'
import { whyNoCluster } from '../test/kube/binaries.ts'

/**
 * `node scripts/test.ts unit|kernel|kube… [-- FILTER…]` runs these test projects, lists every skipped test with its reason, and ends
 * with one line of counts. A project that cannot run here is left out, with the reason; with KERNEL_TESTS=required (KUBE_TESTS=required)
 * it then fails.
 */
const [wanted, filters] = split(process.argv.slice(2))
const obstacles = new Map(wanted.map((name) => [name, obstacleOf(name)]))
const projects = wanted.filter((name) => obstacles.get(name) === undefined)

let passed = 0
let failed = 0
let skipped = 0
if (projects.length > 0) {
  const vitest = await startVitest('test', filters, { project: projects, watch: false, passWithNoTests: true })
  count(vitest)
  await vitest.close()
}
for (const [name, obstacle] of obstacles) {
  if (obstacle === undefined) continue
  const files = globSync(`{src,test}/**/*.${name}.test.ts`).length
  console.log(`not run: ${files} files of ${name} tests: ${obstacle}`)
  if (process.env[`${name.toUpperCase()}_TESTS`] === 'required') failed += 1
}
if (failed > 0) process.exitCode = 1
console.log(`evenkeel: ${passed} passed, ${failed} failed, ${skipped} skipped`)

/** A file that cannot be loaded and an error that no test caught count as failed tests. */
function count(vitest: Vitest): void {
  failed += vitest.state.getUnhandledErrors().length
  for (const module of vitest.state.getTestModules()) {
    if (module.errors().length > 0) failed += 1
    for (const test of module.children.allTests()) {
      const result = test.result()
      if (result.state === 'passed') passed += 1
      else if (result.state === 'skipped') {
        skipped += 1
        console.log(`skipped: ${module.relativeModuleId}: ${test.fullName}: ${result.note ?? reasonOf(test)}`)
      } else failed += 1
    }
  }
}

function reasonOf(test: TestCase): string {
  return test.options.mode === 'todo' ? 'to be written' : 'no reason given (context.skip(reason) gives one)'
}

function obstacleOf(project: string): string | undefined {
  switch (project) {
    case 'kernel':
      return whyNoKernel()
    case 'kube':
      return whyNoKernel() ?? whyNoCluster()
    default:
      return undefined
  }
}

/** Kernel tests change network namespaces, nftables and more: they need root and permission to make a namespace. */
function whyNoKernel(): string | undefined {
  if (process.platform !== 'linux') return `they need Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'they need root'
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' })
  return status === 0 ? undefined : `no network namespace can be made here: ${error?.message ?? stderr.trim()}`
}

function split(args: readonly string[]): [before: string[], after: string[]] {
  const at = args.indexOf('--')
  return at < 0 ? [[...args], []] : [args.slice(0, at), args.slice(at + 1)]
}
