import fc from 'fast-check'

/**
 * What decides whether a change lands must not depend on a draw, so property tests draw from one seed. `HOLDFAST_TEST_SEED`
 * takes another, and `random` a new one each time, which the message of a failure names.
 */
const { HOLDFAST_TEST_SEED: seed = '20261130' } = process.env
fc.configureGlobal(seed === 'random' ? {} : { seed: Number(seed) })
