import { goldenSweep } from './sweep.ts';

goldenSweep('folder', { wasmGap: 0.02, equalTexts: 22 });
