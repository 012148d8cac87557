import { readFile } from 'node:fs/promises';
import { RealizarError } from '../../errors.ts';
import { interruptSignal } from '../interrupt.ts';
import { loadWithProgress } from '../loading.ts';
import { loadOptionsOf, type LoadFlags } from '../options.ts';
import { negativeLogLikelihood } from '../negative-log-likelihood.ts';

const DEFAULT_CONTEXT = 2048;

export interface PerplexityFlags extends LoadFlags {
  readonly format: 'text' | 'json';
}

/**
 * `realizar perplexity`: exp of the mean negative log-likelihood (nats) over all predicted tokens. As in llama.cpp, only whole
 * windows count: the first tokens of a window are hard to predict, and a short rest would weigh them more.
 */
export async function perplexity(model: string, path: string, flags: PerplexityFlags): Promise<void> {
  const text = await readFile(path, 'utf8');
  await using engine = await loadWithProgress(model, {
    ...loadOptionsOf(flags),
    contextLength: flags.context ?? DEFAULT_CONTEXT,
  });
  const all = engine.tokenizer.encode(text, { parseSpecial: false });
  if (all.length < 2)
    throw new RealizarError('invalid-argument', `${path} holds ${all.length} token(s); perplexity needs at least 2.`);

  const signal = interruptSignal();
  const window = engine.contextLength - 1; // one position stays free for the token that a BOS would take
  if (window < 2) throw new RealizarError('invalid-argument', 'Perplexity needs a context of at least 3 tokens.');
  const ids = all.length > window ? all.slice(0, all.length - (all.length % window)) : all;
  let total = 0;
  let predicted = 0;
  for (let start = 0; start + 1 < ids.length; start += window) {
    const part = ids.slice(start, start + window);
    let row = 0;
    for await (const rows of engine.logits(part, { signal })) {
      const vocabSize = engine.config.vocabSize;
      for (let at = 0; at < rows.length && row + 1 < part.length; at += vocabSize, row++) {
        total += negativeLogLikelihood(rows.subarray(at, at + vocabSize), part[row + 1]!);
        predicted++;
      }
      if (process.stderr.isTTY)
        process.stderr.write(
          `\r${start + row + 1} of ${ids.length} tokens, perplexity ${Math.exp(total / predicted).toFixed(4)} `,
        );
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\n');

  const nll = total / predicted;
  const result = { tokens: ids.length, nll, perplexity: Math.exp(nll) };
  console.log(
    flags.format === 'json'
      ? JSON.stringify(result)
      : `perplexity ${result.perplexity.toFixed(4)} over ${result.tokens} tokens (${nll.toFixed(5)} nats a token)`,
  );
}
