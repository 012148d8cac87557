import { basename, extname } from 'node:path';
import { RealizarError } from '../../errors.ts';
import type { LoadOptions } from '../../engine/engine-api.ts';
import { demoModelPath } from '../../demo.node.ts';
import { pageFolders, pageRoot } from '../../page-files.node.ts';
import { isLoopbackHost, serveModels, staticFiles, type ModelServer, type ServedModel } from '../../server/index.ts';
import { loadWithProgress } from '../loading.ts';
import { loadOptionsOf, type LoadFlags } from '../options.ts';

export interface ServeFlags extends LoadFlags {
  readonly demo?: boolean;
  readonly model?: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly cacheSize: number;
  readonly cacheBytes?: number;
  readonly parallel: number;
}

/** `realizar serve`: loads the first model, then listens until SIGINT or SIGTERM. */
export async function serve(paths: readonly string[], flags: ServeFlags): Promise<void> {
  const models = servedModels([...paths, ...(flags.model ?? [])], flags.demo ?? false);
  console.log(`Starting Realizar inference server${flags.demo ? ' (demo mode)' : ''}...`);

  const options: LoadOptions = { ...loadOptionsOf(flags), maxSequences: flags.parallel };
  if (!isLoopbackHost(flags.host))
    console.error(
      `Warning: other machines can reach ${flags.host}, and this server has no API key: whoever reaches it can use the models.`,
    );
  const server = await serveModels({
    models,
    load: ({ id, path }, signal) => loadWithProgress(path, { ...options, modelId: id, signal }),
    host: flags.host,
    port: flags.port,
    cacheSize: flags.cacheSize,
    pageFiles: staticFiles(pageRoot(), pageFolders),
    ...(flags.cacheBytes !== undefined && { cacheBytes: flags.cacheBytes }),
  }).catch(stoppedWhileLoading);
  if (!server) return;

  console.log(`Server listening on ${server.url}`);
  console.log('Endpoints:');
  for (const endpoint of server.endpoints) console.log(`  ${endpoint}`);
  console.log(
    `Models: ${models.map(({ id }) => id).join(', ')}\n\nTry it:\n${exampleRequest(server.url, models[0]!)}\n`,
  );

  await server.closed;
}

function stoppedWhileLoading(error: unknown): ModelServer | undefined {
  if (error instanceof RealizarError && error.code === 'aborted') return undefined;
  throw error;
}

function servedModels(paths: readonly string[], demo: boolean): ServedModel[] {
  const all = [...(demo ? [demoModelPath()] : []), ...paths];
  if (all.length === 0)
    throw new RealizarError(
      'invalid-argument',
      'There is no model to serve. Name one ("realizar serve model.gguf", or --model model.gguf), or use --demo for the model that comes with realizar.',
    );

  const models = all.map((path) => ({
    id: idOf(path),
    path,
    format: extname(path) === '.gguf' ? 'gguf' : 'safetensors',
  }));
  const twice = models.find(({ id }, i) => models.findIndex((other) => other.id === id) < i);
  if (twice)
    throw new RealizarError(
      'invalid-argument',
      `Two models are called "${twice.id}". Rename one of the files: their names are the model ids.`,
    );
  return models;
}

const idOf = (path: string): string => basename(path, extname(path) === '.gguf' ? '.gguf' : '');

const exampleRequest = (url: string, { id }: ServedModel): string =>
  `  curl -N ${url}/v1/chat/completions -H 'content-type: application/json' \\\n` +
  `    -d '{"model":"${id}","stream":true,"messages":[{"role":"user","content":"Tell me a story about a lantern."}]}'`;
