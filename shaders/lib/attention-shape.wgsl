/** What differs between models and layers. `window`: 0 for none; `stride`: chunks of a row in parts. */
struct Shape { num_kv_heads: u32, block_size: u32, window: u32, stride: u32, scale: f32, norm_eps: f32 }
