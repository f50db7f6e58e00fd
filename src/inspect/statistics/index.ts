/** Is it luck? The arithmetic of counts per backend against the odds that the rules give (not 1/k by assumption). Pure. */
export { type BandOptions, band, bands, type LuckBand } from './band.ts'
export { chiSquare, chiSquareCritical } from './chi-square.ts'
export { type Random, uniform } from './draw.ts'
export { type Draws, type DrawsTest, testDraws } from './draws-test.ts'
export { type JointBand, jointBand, rankEnvelope } from './envelope.ts'
export { expectedIdle, expectedMaxOverMean } from './extremes.ts'
export {
  benjaminiHochberg,
  benjaminiHochbergOfEValues,
  type FamilyMember,
  type FamilyMethod,
  familyVerdicts,
  holm,
} from './family.ts'
export { gStatistic } from './likelihood.ts'
export { effectiveCount, jain, maxOverMean, variation, variationByLuck } from './measures.ts'
export { connectionsToSee, connectionsToSeeNamed, powerToSee, type Sight } from './needed.ts'
export { sum } from './numbers.ts'
export type { Tails, TestMethod } from './pearson.ts'
export { atMost, leastSuccesses, type LeastSuccesses } from './successes.ts'
export { type SkewOptions, type SkewTest, skewTest, testCounts } from './skew-test.ts'
export { uniformity } from './uniformity.ts'
export type { SkewVerdict } from './verdict.ts'
export { type Arrivals, type Evidence, look, startWatch, type Watch } from './watch.ts'
