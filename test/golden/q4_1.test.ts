import { goldenSweep } from './sweep.ts';

goldenSweep('Q4_1', { wasmGap: 0.5, rmsRatio: 1.05 });
