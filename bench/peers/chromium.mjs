import { existsSync } from 'node:fs';
import { chromium } from 'playwright';

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/google-chrome'];
// Nothing but the page computes: no updates, no sync, no first run.
const FLAGS = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium: the one that the system has, or else Playwright's. */
export function launchChromium() {
  const executablePath = INSTALLED.find((path) => existsSync(path));
  return chromium.launch({ ...(executablePath && { executablePath }), args: FLAGS });
}
