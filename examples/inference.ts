// Continue a text: greedy, then sampled, then stopped early.
//
//   node examples/inference.ts [MODEL]      default: the demo model
import { demoModelPath, loadEngine } from 'realizar';

await using engine = await loadEngine(process.argv[2] ?? demoModelPath());
console.log(
  `${engine.modelId} on ${engine.backend.name} (${engine.backend.mode}, ${engine.backend.threads} threads)\n`,
);

console.log('Greedy, piece by piece:');
process.stdout.write('Once upon a time');
for await (const piece of engine.generate('Once upon a time', { maxTokens: 40, temperature: 0 }))
  process.stdout.write(piece);

console.log('\n\nThree seeds:');
for (const seed of [1, 2, 3]) {
  const { text } = await engine
    .generate('The little fox', { maxTokens: 20, temperature: 0.8, topK: 40, seed })
    .result();
  console.log(`  ${seed}: The little fox${text}`);
}

console.log('\nUntil the first full stop:');
const { text, finishReason, timings } = await engine
  .generate('Deep in the forest', { stop: ['.'], temperature: 0 })
  .result();
console.log(
  `  Deep in the forest${text}.  (${finishReason}; ${timings.decodeTokens} tokens in ${timings.decodeMs.toFixed(1)} ms)`,
);

console.log('\nCancelled after five pieces:');
const controller = new AbortController();
let pieces = 0;
for await (const piece of engine.generate('Once upon a time', { temperature: 0, signal: controller.signal })) {
  process.stdout.write(piece);
  if (++pieces === 5) controller.abort();
}
console.log();
