import { existsSync } from 'node:fs';

/** Where distributions put it; `CHROMIUM` names another. */
const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser that tests drive; undefined where there is none. */
export const chromiumPath = places.find((place) => place !== undefined && existsSync(place));

const quiet = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium with WebGPU and WebGL2 on its software GPU. */
export const softwareGpu = [
  ...quiet,
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

/** Chromium without WebGPU; WebGL2 on its software GPU. */
export const withoutWebgpu = [
  ...quiet,
  '--disable-features=WebGPU,Vulkan',
  '--disable-blink-features=WebGPU',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];
