import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { loadEngine } from '../../src/load.ts';
import { describeWithInputs } from '../support/inputs.ts';
import { goldenFormat, goldenInputs, perplexityText, type GoldenName } from './golden-data.ts';
import { distance, flipsOf, gapsOf, perplexityOf, teacherForced, type Flip } from './judge.ts';

/** In float64 only a tie within rounding falls otherwise. */
const REFERENCE_GAP = 0.002;

export interface SweepLimits {
  /** `wasm` may prefer another token where the exact gap is at most this. */
  readonly wasmGap: number;
  /** `wasm` may lie so much farther from the exact logits than llama.cpp; undefined: not compared. */
  readonly rmsRatio?: number;
  /** Also on `reference`, which takes minutes. */
  readonly referencePerplexity?: true;
  /** Greedy texts of `wasm` that equal the exact ones, at least. */
  readonly equalTexts?: number;
}

/** Every golden prompt of one format, on both backends: teacher-forced tokens, distance of the logits, perplexity. */
export function goldenSweep(name: GoldenName, limits: SweepLimits): void {
  describeWithInputs(`SmolLM2 ${name}`, goldenInputs(name), () => {
    const format = goldenFormat(name);
    const prompts = Object.entries(format.cases);
    const rms: number[] = [];
    const report: string[] = [];
    let reference: Engine;
    let wasm: Engine;
    let equalTexts = 0;

    beforeAll(async () => {
      reference = await loadEngine(format.path, { backend: 'reference', contextLength: 2048 });
      wasm = await loadEngine(format.path, { backend: 'wasm', contextLength: 2048 });
    });

    test.each(prompts)('%s: both backends prefer the exact tokens', async (id, golden) => {
      const judged = { ...golden, gaps: gapsOf(golden) };
      const exact = await teacherForced(reference, golden);
      const rows = await teacherForced(wasm, golden);
      const flips = { reference: flipsOf(exact, judged), wasm: flipsOf(rows, judged) };
      rms.push(distance(rows, exact));
      const { tokenIds } = await wasm
        .generate(golden.prompt, { temperature: 0, maxTokens: golden.continuation.length, ignoreEos: true })
        .result();
      if (tokenIds.join() === golden.continuation.join()) equalTexts++;
      for (const [backend, list] of Object.entries(flips))
        report.push(...list.map((flip) => `  ${backend} ${id} step ${flip.step}: exact gap ${flip.gap.toFixed(4)}`));
      expect(above(flips.reference, REFERENCE_GAP)).toEqual([]);
      expect(above(flips.wasm, limits.wasmGap)).toEqual([]);
    });

    test('the logits of wasm lie no farther from the exact ones than they may', () => {
      const mean = rms.reduce((sum, r) => sum + r, 0) / rms.length;
      report.unshift(
        `${name}: wasm logits ${mean.toFixed(5)} rms from exact (llama.cpp ${format.llamaCppRms.toFixed(5)}), ${equalTexts} of ${prompts.length} greedy texts equal`,
      );
      if (limits.rmsRatio !== undefined) expect(mean).toBeLessThanOrEqual(limits.rmsRatio * format.llamaCppRms);
      if (limits.equalTexts !== undefined) expect(equalTexts).toBeGreaterThanOrEqual(limits.equalTexts);
    });

    test.each(['wasm', ...(limits.referencePerplexity ? ['reference'] : [])])(
      'perplexity on %s is within half a per cent of the exact figure',
      async (backend) => {
        const engine = backend === 'wasm' ? wasm : reference;
        const ids = engine.tokenizer
          .encode(perplexityText(), { parseSpecial: false, addSpecial: false })
          .slice(0, format.perplexity.tokens);
        const perplexity = await perplexityOf(engine, ids);
        report.push(`  perplexity on ${backend} ${perplexity.toFixed(4)} (exact ${format.perplexity.exact})`);
        expect(Math.abs(perplexity / format.perplexity.exact - 1)).toBeLessThan(0.005);
      },
    );

    afterAll(async () => {
      console.log(report.join('\n'));
      await reference.close();
      await wasm.close();
    });
  });
}

const above = (flips: readonly Flip[], gap: number): Flip[] => flips.filter((flip) => flip.gap > gap);
