import { goldenSweep } from './sweep.ts';

goldenSweep('F16', { wasmGap: 0.02, equalTexts: 22 });
