/** The last part of a path or URL, without a URL's query. */
export function baseName(path: string): string {
  const bare = path.includes('://') ? path.replace(/[?#].*$/, '') : path;
  return (
    bare
      .replace(/[/\\]+$/, '')
      .split(/[/\\]/)
      .at(-1) ?? path
  );
}
