import fc from 'fast-check';

// Properties see the same inputs in every run, so that a change is judged by what it changed. PROPERTY_SEED=random, or a number
// that a failure printed, sees others.
const seed = process.env['PROPERTY_SEED'] ?? '20251119';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
