const OLDEST = [22, 18] as const;

/** Why this Node cannot run realizar; undefined where it can. */
export function nodeObjection(version: string = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `realizar needs Node ${OLDEST.join('.')} or newer, and this is ${version}. Install a newer Node, or let npm bring one: npm install node@24`;
}
