import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { argumentsOf, type Run, type RunSettings } from './run-settings.ts';

const SCRIPTS = {
  realizar: 'support/measure-realizar.ts',
  'llama.cpp': 'peers/measure-llama-cpp.mjs',
  'realizar in Chromium': 'peers/measure-realizar-chromium.mjs',
  'wllama in Chromium': 'peers/measure-wllama.mjs',
} as const;

export type EngineName = keyof typeof SCRIPTS;

/**
 * Measures an engine in a process of its own.
 *
 * @param node the program that runs it, this one's Node unless given
 */
export function runEngine(engine: EngineName, settings: RunSettings, node: string = process.execPath): Run {
  return runScript(SCRIPTS[engine], argumentsOf(settings), node) as Run;
}

/** Runs a script of this folder's parent and reads the JSON of the last line that it prints. */
export function runScript(script: string, args: readonly string[], node: string = process.execPath): unknown {
  const path = resolve(import.meta.dirname, '..', script);
  const output = execFileSync(node, [path, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

/** Installs what a job needs: `peers` are the other engines, `build` makes dist/. */
export function bootstrap(job: 'peers' | 'build'): void {
  execFileSync(process.execPath, [resolve(import.meta.dirname, '../../scripts/bootstrap.mjs'), job], {
    stdio: 'pipe',
  });
}
