// Takes the GPU away in the middle of an answer, again and again: every answer has to end with the text that it has undisturbed.
//
//   node scripts/check-device-loss.ts [--runs 100] [--seed 1]
import { parseArgs } from 'node:util';
import { type Doom, startDoomed } from '../test/backend/webgpu/support/doomed-device.ts';
import { Random } from '../test/backend/support/random.ts';
import { demoModelPath } from '../src/demo.node.ts';

const PROMPT = 'Once upon a time';
const TOKENS = 24;
// Work is given to the device once or twice a token.
const MAX_STEP = 24;
const MAX_MILLISECONDS = 600;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const random = new Random(values.seed);

async function answer(how?: Doom): Promise<{ readonly text: string; readonly devices: number }> {
  const { engine, doom, devicesOpened } = await startDoomed(demoModelPath(), 128);
  try {
    if (how) doom(how);
    const { text } = await engine.generate(PROMPT, { maxTokens: TOKENS, temperature: 0 }).result();
    return { text, devices: devicesOpened() };
  } finally {
    await engine.close();
  }
}

function randomDoom(): Doom {
  const kind = Math.floor(random.uniform() * 3);
  if (kind === 2) return { milliseconds: random.uniform() * MAX_MILLISECONDS, when: 'later' };
  return { step: 1 + Math.floor(random.uniform() * MAX_STEP), when: kind === 0 ? 'before' : 'after' };
}

const { text: expected } = await answer();
console.log(`undisturbed: ${JSON.stringify(expected)}`);
let failures = 0;
let restored = 0;
for (let run = 1; run <= Number(values.runs); run++) {
  const how = randomDoom();
  const result = await answer(how).catch((error: unknown) => ({ text: String(error), devices: 0 }));
  if (result.devices === 2) restored++;
  if (run % 10 === 0) console.error(`${run} of ${values.runs} runs`);
  if (result.text === expected) continue;
  failures++;
  console.log(`run ${run} (${JSON.stringify(how)}): ${JSON.stringify(result.text)}`);
}
console.log(`${values.runs} runs, ${restored} devices lost and replaced, ${failures} answers that differ`);
process.exitCode = failures === 0 && restored > 0 ? 0 : 1;
