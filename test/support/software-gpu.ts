import { existsSync } from 'node:fs';

const SOFTWARE = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Where there is no GPU, the shaders run on the software one that Chromium brings. For this process and its children. */
export function useSoftwareGpu(): void {
  const hasGpu = existsSync('/dev/dri') || existsSync('/dev/nvidia0');
  if (!hasGpu && existsSync(SOFTWARE)) process.env['VK_ICD_FILENAMES'] ??= SOFTWARE;
}
