import { Command, Option } from 'commander';
import { kvDTypes } from '../backend/backend.ts';
import { version } from '../version.ts';
import type { BenchFlags } from './commands/bench.ts';
import type { ChatFlags } from './commands/chat.ts';
import type { InfoFlags } from './commands/info.ts';
import type { LogitsFlags } from './commands/logits.ts';
import type { PerplexityFlags } from './commands/perplexity.ts';
import type { RunFlags } from './commands/run.ts';
import type { ServeFlags } from './commands/serve.ts';
import type { TokenizeFlags } from './commands/tokenize.ts';
import { integer, repeatable } from './parsers.ts';
import { addLoadOptions, addPromptLookup, addSamplerOptions } from './options.ts';

/** The whole command line. Each command's code is imported when it runs, so that `--help` answers at once. */
export function createProgram(): Command {
  const program = new Command('realizar')
    .usage('<command> [options]')
    .description('The local LLM in your process: open a GGUF or SafeTensors model and run it.')
    .version(`realizar ${version}`, '-V, --version', 'print the version')
    .helpCommand(false)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText(
      'after',
      '\nMODEL is a GGUF file, the first file of a split GGUF, or a Hugging Face folder.\n\nExample:\n  $ realizar run SmolLM2-135M-Instruct.Q8_0.gguf "Why is the sky blue?"',
    );

  const run = program
    .command('run')
    .description('answer one prompt')
    .argument('<model>', 'GGUF file or Hugging Face folder')
    .argument('[prompt]', 'the prompt, or - to read it from standard input')
    .option('-n, --max-tokens <count>', 'generate at most so many tokens', integer(0, 2 ** 31), 256)
    .option('-s, --system <text>', 'system message')
    .addOption(
      new Option(
        '--raw',
        'continue the text as it is, without the chat template; control tokens in it count',
      ).conflicts('system'),
    )
    .option('--ignore-eos', 'go on past the end of the text')
    .option('--stop <text>', 'end at this text (can be given again)', repeatable)
    .addOption(
      new Option('-f, --format <format>', 'text as it comes, one JSON object, or one JSON line per token')
        .choices(['text', 'json', 'stream'])
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ realizar run model.gguf "Write a haiku" -n 64\n  $ cat letter.txt | realizar run model.gguf - -s "Summarise this letter" -t 0\n  $ realizar run model.gguf "Once upon a time" --raw -f json',
    )
    .action(async (model: string, prompt: string | undefined, flags: RunFlags) =>
      (await import('./commands/run.ts')).run(model, prompt, flags),
    );
  addSamplerOptions(addPromptLookup(addLoadOptions(run)));

  const chat = program
    .command('chat')
    .description('talk with a model in the terminal')
    .argument('<model>', 'GGUF file or Hugging Face folder')
    .option('-n, --max-tokens <count>', 'tokens of one answer at most', integer(1, 2 ** 31))
    .option('-s, --system <text>', 'system message')
    .option('--history <file>', 'load this conversation first, if it exists, and save it at the end')
    .addHelpText(
      'after',
      '\nIn the conversation: /help /system /save /load /reset /regenerate /exit; Ctrl-C stops an answer.\n\nExample:\n  $ realizar chat model.gguf -s "You are a patient teacher"',
    )
    .action(async (model: string, flags: ChatFlags) => (await import('./commands/chat.ts')).chat(model, flags));
  addSamplerOptions(addPromptLookup(addLoadOptions(chat)));

  program
    .command('info')
    .description('what this machine can do, or what a model is')
    .argument('[model]', 'GGUF file or Hugging Face folder')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .option('-c, --context <tokens>', 'context length for the memory estimate', integer(1, 2 ** 24))
    .addOption(
      new Option('--cache-type <type>', 'how keys and values are stored, for the memory estimate')
        .choices(kvDTypes)
        .default('f32'),
    )
    .addHelpText('after', '\nExamples:\n  $ realizar info\n  $ realizar info model.gguf -f json')
    .action(async (model: string | undefined, flags: InfoFlags) =>
      (await import('./commands/info.ts')).info(model, flags),
    );

  program
    .command('tokenize')
    .description('text to token ids')
    .argument('<model>', 'a model, a vocabulary-only GGUF, a tokenizer.json or a tokenizer.model')
    .argument('[text]', 'the text, or - to read it from standard input')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .option('--no-special', 'control tokens written in the text stay text')
    .option('--add-special', 'add BOS and EOS where the model asks for them')
    .option('--jsonl', 'one JSON string per line in, one JSON array of ids per line out')
    .addHelpText(
      'after',
      '\nExamples:\n  $ realizar tokenize model.gguf "Hello, world" -f json\n  $ realizar tokenize tokenizer.json --jsonl < strings.jsonl',
    )
    .action(async (model: string, text: string | undefined, flags: TokenizeFlags) =>
      (await import('./commands/tokenize.ts')).tokenize(model, text, flags),
    );

  const logits = program
    .command('logits')
    .description('logits of every position, for comparing engines')
    .argument('<model>', 'GGUF file or Hugging Face folder')
    .requiredOption('--ids <file>', 'JSON file with an array of token ids')
    .requiredOption('-o, --output <file>', 'float32, little-endian, [ids, vocabulary]')
    .addHelpText('after', '\nExample:\n  $ realizar logits model.gguf --ids ids.json -o logits.f32 --backend reference')
    .action(async (model: string, flags: LogitsFlags) => (await import('./commands/logits.ts')).logits(model, flags));
  addLoadOptions(logits);

  const perplexity = program
    .command('perplexity')
    .description('how well a model predicts a text')
    .argument('<model>', 'GGUF file or Hugging Face folder')
    .argument('<file>', 'text file')
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nThe text is cut into windows of the context length, less one for a BOS; every token but the first of a window is\npredicted. As in llama.cpp, a rest that fills no window is left out.\n\nExample:\n  $ realizar perplexity model.gguf wiki.txt -c 2048',
    )
    .action(async (model: string, file: string, flags: PerplexityFlags) =>
      (await import('./commands/perplexity.ts')).perplexity(model, file, flags),
    );
  addLoadOptions(perplexity);

  const bench = program
    .command('bench')
    .description('speed of prompt processing and of generation')
    .argument('<model>', 'GGUF file or Hugging Face folder')
    .option('-p, --prompt-tokens <count>', 'tokens of the prompt test; 0: leave it out', integer(0, 2 ** 20), 512)
    .option(
      '-n, --generated-tokens <count>',
      'tokens of the generation test; 0: leave it out',
      integer(0, 2 ** 20),
      128,
    )
    .option('-r, --repetitions <count>', 'runs of each test, after a warm-up', integer(1, 1000), 5)
    .option('--profile', 'say where the time goes, op by op (kernel by kernel on a GPU)')
    .addOption(new Option('-o, --output <format>', 'output').choices(['md', 'csv', 'json']).default('md'))
    .addHelpText('after', '\nExample:\n  $ realizar bench model.gguf -p 512 -n 128 --threads 1,2')
    .action(async (model: string, flags: BenchFlags) => (await import('./commands/bench.ts')).bench(model, flags));
  addLoadOptions(bench, { threadList: true });

  const serve = program
    .command('serve')
    .description('serve models over HTTP: native routes and OpenAI')
    .argument('[models...]', 'GGUF files or Hugging Face folders; the first is the default model')
    .option('--demo', 'serve the model that comes with realizar')
    .option('-m, --model <model>', 'a model, as the argument (can be given again)', repeatable)
    .option('-H, --host <host>', 'address to listen on', '127.0.0.1')
    .option('-p, --port <port>', 'port; 0: any free one', integer(0, 65535), 8080)
    .option('--cache-size <count>', 'models kept in memory', integer(1, 1000), 4)
    .option(
      '--cache-bytes <bytes>',
      'memory for models, in bytes; default: no limit but --cache-size',
      integer(1, Number.MAX_SAFE_INTEGER),
    )
    .option('--parallel <count>', 'sequences that run together, per model', integer(1, 256), 8)
    .addHelpText(
      'after',
      '\nExamples:\n  $ realizar serve --demo\n  $ realizar serve small.gguf large.gguf --port 8000 --cache-size 1',
    )
    .action(async (models: string[], flags: ServeFlags) => (await import('./commands/serve.ts')).serve(models, flags));
  addLoadOptions(serve);

  program
    .command('doctor')
    .description('check that everything realizar needs works on this machine')
    .addHelpText('after', '\nExample:\n  $ realizar doctor')
    .action(async () => (await import('./commands/doctor.ts')).doctor());

  // Called without a command: the help, and the exit code of a wrong command line.
  program.action(() => program.help({ error: true }));
  return program;
}
