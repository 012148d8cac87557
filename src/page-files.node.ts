import { fileURLToPath } from 'node:url';

/** Where the build puts the chat page and the browser's engine: `dist/`, seen from `src/` as from `dist/` itself. */
export const pageRoot = (): string => fileURLToPath(new URL('../dist', import.meta.url));

/** Folders of it that the page is made of. */
export const pageFolders = ['page', 'browser'] as const;
