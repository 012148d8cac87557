/// <reference lib="dom" />
// The page that `realizar serve` shows at `/`: a chat with the server, or with the same model inside the page.
import {
  createWorkerEngine,
  type BackendChoice,
  type BackendInfo,
  type ChatMessage,
  type WorkerEngine,
} from 'realizar/browser';

const element = (id: string): HTMLElement => document.getElementById(id)!;
const page = {
  model: element('model') as HTMLSelectElement,
  inPage: element('in-page') as HTMLInputElement,
  backend: element('backend') as HTMLSelectElement,
  clear: element('clear') as HTMLButtonElement,
  log: element('log'),
  welcome: element('welcome'),
  loading: element('loading'),
  progress: element('progress') as HTMLProgressElement,
  loaded: element('loaded'),
  composer: element('composer') as HTMLFormElement,
  question: element('question') as HTMLTextAreaElement,
  send: element('send') as HTMLButtonElement,
  where: element('where'),
};

let conversation: ChatMessage[] = [];
/** What runs now; aborting it is the stop button. */
let running: AbortController | undefined;

// ---- answers: each token's text as it comes

/** From the server's OpenAI route. https://platform.openai.com/docs/api-reference/chat-streaming */
async function* answerOfServer(messages: readonly ChatMessage[], signal: AbortSignal): AsyncGenerator<string> {
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: page.model.value, messages, stream: true }),
    signal,
  });
  if (!response.ok) throw new Error(((await response.json()) as { error: { message: string } }).error.message);
  for await (const data of eventData(response.body!)) {
    if (data === '[DONE]') return;
    const { choices, error } = JSON.parse(data) as {
      choices?: { delta: { content?: string } }[];
      error?: { message: string };
    };
    if (error) throw new Error(error.message);
    const text = choices?.[0]?.delta.content;
    if (text !== undefined && text !== '') yield text;
  }
}

/** The data of server-sent events; the server writes each on one line. */
async function* eventData(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

/** From the model in this page. */
async function* answerOfPage(messages: readonly ChatMessage[], signal: AbortSignal): AsyncGenerator<string> {
  const engine = await engineFor(page.model.value, page.backend.value as BackendChoice, signal);
  for await (const event of engine.chat(messages, { signal }).events()) if (event.text !== '') yield event.text;
}

// ---- the model in this page: one at a time

let held: { readonly key: string; readonly engine: WorkerEngine } | undefined;

async function engineFor(model: string, backend: BackendChoice, signal: AbortSignal): Promise<WorkerEngine> {
  const key = `${model} ${backend}`;
  if (held?.key === key) return held.engine;
  await held?.engine.close();
  held = undefined;
  page.loading.hidden = false;
  page.progress.removeAttribute('value');
  page.loaded.textContent = `Loading ${model}`;
  try {
    const engine = await createWorkerEngine(`/models/${encodeURIComponent(model)}/file`, {
      modelId: model,
      backend,
      signal,
      onProgress: ({ loadedBytes, totalBytes }) => {
        if (totalBytes > 0) page.progress.value = loadedBytes / totalBytes;
        page.loaded.textContent = `${megabytes(loadedBytes)} of ${megabytes(totalBytes)} MB`;
      },
    });
    held = { key, engine };
    sayWhere();
    return engine;
  } finally {
    page.loading.hidden = true;
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

function nameOf({ name, threads, device }: BackendInfo): string {
  if (name === 'webgpu' || name === 'webgl')
    return [name === 'webgpu' ? 'WebGPU' : 'WebGL', device].filter(Boolean).join(', ');
  return threads === 1 ? 'WebAssembly, 1 thread' : `WebAssembly, ${threads} threads`;
}

function sayWhere(): void {
  page.backend.hidden = !page.inPage.checked;
  const fits = held?.key === `${page.model.value} ${page.backend.value}`;
  if (!page.inPage.checked) page.where.textContent = 'Answers come from the server.';
  else if (fits) page.where.textContent = `Answers come from this page: ${nameOf(held!.engine.backend)}.`;
  else page.where.textContent = 'The model loads into this page with the next message.';
}

// ---- the conversation

async function ask(question: string): Promise<void> {
  const { signal } = (running = new AbortController());
  const turns = conversation;
  page.send.textContent = 'Stop';
  page.welcome.hidden = true;
  turns.push({ role: 'user', content: question });
  write('user', question);
  const article = write('assistant waiting', '');
  const text = article.appendChild(document.createTextNode(''));
  const watch = stopwatch();
  try {
    const answer = page.inPage.checked ? answerOfPage : answerOfServer;
    for await (const piece of answer(turns, signal)) {
      article.classList.remove('waiting');
      watch.token();
      following(() => text.appendData(piece));
    }
  } catch (error) {
    if (!signal.aborted) {
      article.classList.add('failed');
      text.appendData(error instanceof Error ? error.message : String(error));
    }
  } finally {
    article.classList.remove('waiting');
    const stopped = signal.aborted ? ' · stopped' : '';
    following(() => article.appendChild(small(watch.summary() + stopped)));
    // What failed is no turn of the conversation: the next question would otherwise carry it along.
    if (article.classList.contains('failed') || text.data === '') turns.pop();
    else turns.push({ role: 'assistant', content: text.data });
    running = undefined;
    page.send.textContent = 'Send';
    sayWhere();
  }
}

function write(kind: string, content: string): HTMLElement {
  const article = document.createElement('article');
  article.className = kind;
  article.textContent = content;
  page.log.append(article);
  page.log.scrollTop = page.log.scrollHeight;
  return article;
}

function small(content: string): HTMLElement {
  const note = document.createElement('small');
  note.textContent = content;
  return note;
}

/** Stays at the end of the conversation, unless its reader has scrolled up. */
function following(change: () => void): void {
  const { scrollTop, clientHeight, scrollHeight } = page.log;
  const atEnd = scrollHeight - scrollTop - clientHeight < 40;
  change();
  if (atEnd) page.log.scrollTop = page.log.scrollHeight;
}

/** Speed from the first token to the last: what comes before is the prompt's time. */
function stopwatch() {
  let tokens = 0;
  let first = 0;
  let last = 0;
  return {
    token(): void {
      last = performance.now();
      if (tokens++ === 0) first = last;
    },
    summary(): string {
      const seconds = (last - first) / 1000;
      const speed = tokens > 1 && seconds > 0 ? ` · ${((tokens - 1) / seconds).toFixed(1)} tokens/s` : '';
      return `${tokens} ${tokens === 1 ? 'token' : 'tokens'}${speed}`;
    },
  };
}

// ---- what the reader does

page.composer.addEventListener('submit', (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const question = page.question.value.trim();
  if (question === '') return;
  page.question.value = '';
  void ask(question);
});

page.question.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!running) page.composer.requestSubmit();
});

page.clear.addEventListener('click', () => {
  running?.abort();
  conversation = [];
  page.log.replaceChildren(page.welcome);
  page.welcome.hidden = false;
  page.question.focus();
});

for (const choice of [page.model, page.inPage, page.backend]) choice.addEventListener('change', sayWhere);

const { data } = (await (await fetch('/v1/models')).json()) as { data: { id: string }[] };
page.model.append(...data.map(({ id }) => new Option(id)));
