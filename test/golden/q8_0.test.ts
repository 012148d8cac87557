import { goldenSweep } from './sweep.ts';

goldenSweep('Q8_0', { wasmGap: 0.5, rmsRatio: 1.05, referencePerplexity: true });
