// A cache of keys or values, [slot][kv head][head dim], as f32 or as two f16 a word.
#if KV == f16
alias CacheWord = u32;
#else
alias CacheWord = f32;
#endif
