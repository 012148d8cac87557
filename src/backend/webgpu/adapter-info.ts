/** What a GPU says of itself: vendor, architecture, device, driver. */
export function nameOf(info: GPUAdapterInfo | undefined): string {
  const parts = [info?.vendor, info?.architecture, info?.device, info?.description];
  return parts.filter(Boolean).join(' ') || 'an unnamed GPU';
}

/** Whether a GPU is a program that plays one. */
export function isSoftware(info: GPUAdapterInfo | undefined): boolean {
  return (info?.isFallbackAdapter ?? false) || /swiftshader|llvmpipe|lavapipe|basic render/i.test(nameOf(info));
}
