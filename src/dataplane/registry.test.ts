import { describe, expect, test } from 'vitest'
import { absentPlane } from '../../test/support/absent-plane.ts'
import { loadPlane, planeNamed, planeNames, refuseBeside, variantsOf } from './registry.ts'

describe.each(planeNames)('%s', (name) => {
  test('its row, its folder and what it says of itself agree', async () => {
    const { capabilities, ...plane } = await loadPlane(name)
    expect(plane.name).toBe(name)
    expect(capabilities.schedulers).toContain(capabilities.defaultScheduler)
    const beside = (): void => refuseBeside(name, 'evenkeel')
    if (capabilities.beside) expect(beside).not.toThrow()
    else expect(beside).toThrow(`plane ${name}: cannot run beside another proxy (service-proxy-name evenkeel): `)
    expect(() => refuseBeside(name, '')).not.toThrow()
  })

  test('its variants are told apart by names that begin with its own', () => {
    const names = variantsOf(name).map((variant) => variant.name)
    expect(names.length).toBeGreaterThan(0)
    expect(new Set(names).size).toBe(names.length)
    for (const variant of variantsOf(name)) expect(variant).toMatchObject({ plane: name })
    for (const one of names) expect(one === name || one.startsWith(`${name}-`)).toBe(true)
  })
})

test('auto is the first plane; a plane of a later version is refused with those there are', () => {
  expect(planeNamed('auto')).toBe(planeNames[0])
  for (const name of planeNames) expect(planeNamed(name)).toBe(name)
  expect(() => planeNamed(absentPlane)).toThrow(
    `plane ${absentPlane}: not in this version, which has ${planeNames.join(', ')}`,
  )
  expect(() => variantsOf(absentPlane)).toThrow('not in this version')
})
