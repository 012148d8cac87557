import { shaders } from '../../generated/shaders.ts';
import { RealizarError } from '../../errors.ts';
import { holds } from './link-condition.ts';

/** What a shader is compiled with: shapes, formats, features. */
export type Defines = Readonly<Record<string, number | boolean | string>>;

/**
 * The WGSL of one variant of `shaders/<kernel>.wgsl`.
 *
 *     #include "lib/reduce"                    shaders/lib/reduce.wgsl, once
 *     #include "dtype/q4_0" with W=query       the same with defines of its own, once for each list of them
 *     #if SUBGROUP > 1 && DTYPE == q4_0        defines, numbers, words; ! && || and comparisons, no parentheses
 *     #elif …  #else  #endif
 *     #for r in 0..{{ROWS}}  #endfor           the lines between, for each number, with {{r}}
 *     {{NAME}}                                 a define's value
 *
 * Substitution comes first, in directives too. No code is evaluated: pages may forbid it.
 *
 * @throws RealizarError `shader-error`, naming the shader and the line
 */
export function link(kernel: string, defines: Defines, sources: Readonly<Record<string, string>> = shaders): string {
  const linker = new Linker(sources);
  linker.file(kernel, defines);
  return linker.lines.join('\n');
}

const INCLUDED = /^"([^"]+)"(?: with ((?:\s*\w+=\S+)+))?$/;

const definesIn = (list: string): Defines =>
  Object.fromEntries(
    list.split(/\s+/).flatMap((pair) => (pair === '' ? [] : [pair.split('=', 2) as [string, string]])),
  );

const DIRECTIVE = /^\s*#(include|if|elif|else|endif|for|endfor)\b\s*(.*?)\s*$/;

/** An `#if` that is open: whether its lines count, and whether any of its branches did. */
interface Branch {
  active: boolean;
  taken: boolean;
}

class Linker {
  readonly lines: string[] = [];
  readonly #sources: Readonly<Record<string, string>>;
  readonly #included = new Set<string>();

  constructor(sources: Readonly<Record<string, string>>) {
    this.#sources = sources;
  }

  file(name: string, defines: Defines, own = ''): void {
    if (this.#included.has(`${name} ${own}`)) return;
    this.#included.add(`${name} ${own}`);
    if (!Object.hasOwn(this.#sources, name)) throw shaderError(name, 0, 'there is no such shader');
    this.#block(name, this.#sources[name]!.trimEnd().split('\n'), 0, { ...defines, ...definesIn(own) });
  }

  #block(name: string, lines: readonly string[], first: number, defines: Defines): void {
    const branches: Branch[] = [];
    for (let i = 0; i < lines.length; i++) {
      const at = first + i + 1;
      const [, directive, rest = ''] = DIRECTIVE.exec(lines[i]!) ?? [];
      const isActive = branches.every((branch) => branch.active);
      const condition = () => holds(substituted(rest, defines, name, at), defines, (why) => shaderError(name, at, why));
      if (directive === 'if') {
        const active = isActive && condition();
        branches.push({ active, taken: active || !isActive });
      } else if (directive === 'elif' || directive === 'else') {
        const branch = openBranch(branches, name, at);
        branch.active = !branch.taken && (directive === 'else' || condition());
        branch.taken ||= branch.active;
      } else if (directive === 'endif') {
        openBranch(branches, name, at);
        branches.pop();
      } else if (directive === 'for') {
        const end = endOfLoop(lines, i, name, at);
        if (isActive) this.#loop(name, rest, lines.slice(i + 1, end), at, defines);
        i = end;
      } else if (directive === 'endfor') {
        throw shaderError(name, at, '#endfor without #for');
      } else if (isActive && directive === 'include') {
        const [, file, own = ''] = INCLUDED.exec(substituted(rest, defines, name, at)) ?? [];
        if (file === undefined)
          throw shaderError(name, at, `#include ${rest} has to read as: "lib/reduce" with NAME=word`);
        this.file(file, defines, own);
      } else if (isActive) {
        this.lines.push(substituted(lines[i]!, defines, name, at));
      }
    }
    if (branches.length > 0) throw shaderError(name, first + lines.length, '#if without #endif');
  }

  #loop(name: string, rest: string, body: readonly string[], at: number, defines: Defines): void {
    const range = /^(\w+) in (\d+)\.\.(\d+)$/.exec(substituted(rest, defines, name, at));
    if (!range) throw shaderError(name, at, `#for ${rest} has to read as: r in 0..4`);
    for (let n = Number(range[2]); n < Number(range[3]); n++)
      this.#block(name, body, at, { ...defines, [range[1]!]: n });
  }
}

function openBranch(branches: readonly Branch[], name: string, at: number): Branch {
  const branch = branches.at(-1);
  if (!branch) throw shaderError(name, at, 'this belongs to an #if, and none is open');
  return branch;
}

/** The line of the `#endfor` that belongs to the `#for` of line `start`. */
function endOfLoop(lines: readonly string[], start: number, name: string, at: number): number {
  let depth = 0;
  for (let i = start; i < lines.length; i++) {
    const directive = DIRECTIVE.exec(lines[i]!)?.[1];
    if (directive === 'for') depth++;
    if (directive === 'endfor' && --depth === 0) return i;
  }
  throw shaderError(name, at, '#for without #endfor');
}

const substituted = (line: string, defines: Defines, name: string, at: number): string =>
  line.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    if (!Object.hasOwn(defines, key)) throw shaderError(name, at, `${key} is not defined`);
    return String(defines[key]);
  });

const shaderError = (name: string, line: number, why: string): RealizarError =>
  new RealizarError('shader-error', `shaders/${name}.wgsl:${line}: ${why}`, { field: name });
