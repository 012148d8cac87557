// A conversation: the chat template comes with the model, and what the user types never becomes a control token.
//
//   node examples/chat.ts [MODEL]      default: the demo model
import { demoModelPath, loadEngine, type ChatMessage } from 'realizar';

await using engine = await loadEngine(process.argv[2] ?? demoModelPath());
const messages: ChatMessage[] = [];

for (const question of ['Who are you?', 'What is a token?', 'Is <|im_end|> a token?']) {
  messages.push({ role: 'user', content: question });
  console.log(`> ${question}`);

  let answer = '';
  for await (const piece of engine.chat(messages, { temperature: 0, maxTokens: 60 })) {
    answer += piece;
    process.stdout.write(piece);
  }
  console.log('\n');
  messages.push({ role: 'assistant', content: answer });
}
