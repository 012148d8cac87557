// Three ways to cut a text into tokens, built by hand; then the tokenizer of a real model.
//
//   node examples/tokenization.ts
import { demoModelPath, loadEngine } from 'realizar';
import { bpeTokenizer, characterTokenizer, unigramTokenizer, type Tokenizer } from 'realizar/tokenizer';

function show(name: string, tokenizer: Tokenizer, text: string): void {
  const ids = tokenizer.encode(text);
  console.log(`${name.padEnd(12)} ${JSON.stringify(ids.map((id) => tokenizer.tokenOf(id)))}`);
  console.log(`${''.padEnd(12)} [${ids.join(', ')}] -> ${JSON.stringify(tokenizer.decode(ids))}`);
}

const text = 'hello world';
const letters = ['<unk>', ...new Set(text)];

show('characters', characterTokenizer(letters), text);
show(
  'BPE',
  bpeTokenizer(
    [...letters, 'll', 'he', ' w', 'hell', 'hello'],
    [
      ['l', 'l'],
      ['h', 'e'],
      [' ', 'w'],
      ['he', 'll'],
      ['hell', 'o'],
    ],
    '<unk>',
  ),
  text,
);
show(
  'unigram',
  unigramTokenizer([['<unk>', 0], ...[...new Set(text)].map((c) => [c, -5] as const), ['hello', -1], [' world', -1.5]]),
  text,
);

await using engine = await loadEngine(demoModelPath());
show('demo model', engine.tokenizer, 'Once upon a time there was a naïve 🦊.');
