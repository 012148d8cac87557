import { RealizarError } from '../../errors.ts';

/** A WebGL2 context that can draw floats, with a canvas that nobody sees. */
export interface GlContext {
  readonly canvas: OffscreenCanvas;
  readonly gl: WebGL2RenderingContext;
  /** Largest width and height of a texture, in texels. */
  readonly maxSize: number;
  /** The GPU, as its driver names it. */
  readonly device: string;
}

/** @throws RealizarError `backend-unavailable` */
export function openContext(): GlContext {
  if (typeof OffscreenCanvas === 'undefined') throw unavailable('has no WebGL for pages and workers alike');
  const canvas = new OffscreenCanvas(1, 1);
  // A lost context ends every kernel; asking for a fast one makes that no likelier.
  const gl = canvas.getContext('webgl2', { antialias: false, depth: false, powerPreference: 'high-performance' });
  if (!gl) throw unavailable('has no WebGL2');
  if (!gl.getExtension('EXT_color_buffer_float'))
    throw unavailable('cannot draw floats: EXT_color_buffer_float is missing');
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  const device = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  return { canvas, gl, maxSize: gl.getParameter(gl.MAX_TEXTURE_SIZE) as number, device };
}

const unavailable = (what: string) =>
  new RealizarError('backend-unavailable', `this browser ${what}; use wasm`, { field: 'backend' });
