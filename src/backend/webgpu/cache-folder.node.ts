import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The user's folder for what a program can make again: `$XDG_CACHE_HOME` wherever it is set, else as the system has it.
 * XDG Base Directory Specification 0.8: a path that is not absolute is ignored.
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): string {
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'realizar');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'realizar');
  if (platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'realizar', 'cache');
  return join(homedir(), '.cache', 'realizar');
}
