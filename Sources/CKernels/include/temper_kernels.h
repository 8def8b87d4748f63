/* temper_kernels.h -- the arithmetic of temper, in C11.
 *
 * Numbers are float32, row-major, `ld*` elements between rows. Shapes are the caller's
 * promise: the Swift faces in Sources/Kernels check them.
 *
 * The contract of forward operations: every output element is computed in an order that depends
 * on the shapes of the model alone, never on the number of rows, their neighbours, the number
 * of threads or the instruction set. So each multiply-add is an explicit fma, sums over k are
 * plain chains in the order of k, and every other reduction has 16 partial sums (element i goes
 * to sum i mod 16) folded in one fixed tree. Backward operations repeat bit for bit at any
 * number of threads, and agree between instruction sets to a tolerance.
 */
#ifndef TEMPER_KERNELS_H
#define TEMPER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Machine --------------------------------------------------------------------------- */

typedef enum tk_isa {
  TK_PORTABLE = 0,
  TK_AVX2 = 1,
  TK_AVX512 = 2,
  TK_AVX512VNNI = 3,
  TK_AMX = 4  /* never by itself: it rounds activations, where weights are bfloat16 */
} tk_isa;

/* The instruction set in use: the widest that the machine has, or what TEMPER_ISA
 * (portable, avx2, avx512, avx512vnni, amx) names, read once. */
tk_isa tk_isa_current(void);
/* Switches; returns 0 where the machine lacks it, and then nothing changes. For tests. */
int tk_isa_select(tk_isa isa);

/* The pool: `threads` workers, the caller among them. Starts with the number of cores, or
 * TEMPER_THREADS. Workers spin for TEMPER_SPIN_US (50) before they sleep. */
void tk_pool_resize(int threads);
int tk_pool_threads(void);
/* Runs task(context, i) for i in [0, count), dealt to the threads; returns when all are done.
 * Regions do not nest: a task that calls it runs the inner tasks itself, in order; a region of
 * one task is no region. Calls from several threads at once take turns. At most 2^30 tasks. */
void tk_parallel(int64_t count, void (*task)(void *context, int64_t index), void *context);

/* 64-byte aligned room for `floats` floats of a task's own, contents undefined: the calling
 * thread's, valid until that thread asks again. No kernel uses it. */
float *tk_room(int64_t floats);

/* What the machine can do at most, on the whole pool, to be timed by the caller.
 * tasks x steps x 2,048 floating-point operations, all in registers. */
void tk_ceiling_multiply(int64_t tasks, int64_t steps);
/* Reads x [tasks, each] once; `each` a multiple of 64. */
void tk_ceiling_read(const float *x, int64_t tasks, int64_t each);

/* The products of the next section by OpenBLAS on as many threads, to be timed beside them; w and
 * dw [outputs, inputs] row-major. */
void tk_peer_product_forward(float *y, const float *x, const float *w, int64_t rows,
                             int64_t inputs, int64_t outputs);
void tk_peer_product_backward_input(float *dx, const float *dy, const float *w, int64_t rows,
                                    int64_t inputs, int64_t outputs);
void tk_peer_product_backward_weight(float *dw, const float *dy, const float *x, int64_t rows,
                                     int64_t inputs, int64_t outputs);

/* ---- Products -------------------------------------------------------------------------- */

enum { TK_LANES = 16 };
typedef enum tk_dtype { TK_FLOAT32 = 0, TK_BFLOAT16 = 1, TK_INT8 = 2 } tk_dtype;

/* The compute copy of a weight matrix W [outputs, inputs], in panels of 16 outputs:
 * element (n, k) is panels[(n / 16) * inputs * 16 + k * 16 + n % 16]. Rows that fill the last
 * panel are zero. 64-byte aligned.
 *
 * TK_INT8 is another form, for sampling alone: whole numbers of at most 127, a scale for each 32
 * inputs of an output (quantized.h). Products with it quantise the activations as well. */
typedef struct tk_weight {
  void *panels;
  tk_dtype dtype;
  int64_t outputs, inputs;
} tk_weight;

/* Bytes of `panels` for a matrix of that shape. */
size_t tk_weight_bytes(int64_t outputs, int64_t inputs, tk_dtype dtype);
/* Asks for large pages for `panels`, which must be zero: call it on memory that was not touched
 * yet. */
void tk_weight_prepare(const tk_weight *w);
/* Packs rows [first, first + count) of W from row-major float32 `rows` [count, inputs]. */
void tk_weight_pack(const tk_weight *w, int64_t first, int64_t count, const float *rows);
/* The inverse: rows [first, first + count), widened to float32. */
void tk_weight_unpack(const tk_weight *w, int64_t first, int64_t count, float *rows);

/* y[rows, outputs] = x[rows, inputs] W^T + bias; bias [outputs] or NULL, added last.
 * Only the first `outputs` (at most w->outputs) columns are computed. The other products take
 * no int8 copy. */
void tk_product_forward(float *y, int64_t ldy, const float *x, int64_t ldx, const tk_weight *w,
                        const float *bias, int64_t rows, int64_t outputs);
/* dx[rows, inputs] += or = dy[rows, outputs] W, with W as the forward saw it. */
void tk_product_backward_input(float *dx, int64_t lddx, const float *dy, int64_t lddy,
                               const tk_weight *w, int64_t rows, int64_t outputs, int accumulate);
/* dw[outputs, inputs] (row-major, tight) += dy[rows, outputs]^T x[rows, inputs]. */
void tk_product_backward_weight(float *dw, const float *dy, int64_t lddy, const float *x,
                                int64_t ldx, int64_t rows, int64_t outputs, int64_t inputs);
/* db[outputs] += sum over rows of dy. */
void tk_product_backward_bias(float *db, const float *dy, int64_t lddy, int64_t rows,
                              int64_t outputs);

/* y[rows, inputs] = scale * W[ids[r], :], read from the compute copy. */
void tk_embedding_forward(float *y, const tk_weight *w, const int32_t *ids, float scale,
                          int64_t rows);
/* dw[ids[r], :] += scale * dy[r, :], in the order of rows; dw row-major [vocabulary, width]. */
void tk_embedding_backward(float *dw, const float *dy, const int32_t *ids, float scale,
                           int64_t rows, int64_t width);

/* ---- Norms, rotation, activations ------------------------------------------------------- */

/* y = (offset + gain) * x * rinv, rinv = 1/sqrt(mean(x^2) + eps), over `width` channels of each
 * of `heads` slices of each row (heads 1 for a block norm, slices side by side for q/k norms).
 * y may be x. rinv [rows, heads] or NULL. */
void tk_rmsnorm_forward(float *y, int64_t ldy, float *rinv, const float *x, int64_t ldx,
                        const float *gain, float offset, float eps, int64_t rows, int64_t heads,
                        int64_t width);
/* dx += or = ...; dgain [width] accumulates. dx may be dy when it does not accumulate. */
void tk_rmsnorm_backward(float *dx, int64_t lddx, float *dgain, const float *dy, int64_t lddy,
                         const float *x, int64_t ldx, const float *rinv, const float *gain,
                         float offset, int64_t rows, int64_t heads, int64_t width, int accumulate);

/* cosine and sine [count, half]: multiplier * cos(p f_m) for p = 0 ... count-1, computed in
 * double with our own functions, so that they are the same on every machine. */
void tk_rope_table(float *cosine, float *sine, const double *frequencies, double multiplier,
                   int64_t count, int64_t half);
/* Rotates in place `heads` slices of `width` channels, pairs (m, m + width/2), the angle of row
 * r being that of positions[r]. */
void tk_rope_forward(float *x, int64_t ldx, const float *cosine, const float *sine,
                     const int32_t *positions, int64_t rows, int64_t heads, int64_t width);
/* The transpose of the same rotation, in place on a gradient. */
void tk_rope_backward(float *dx, int64_t lddx, const float *cosine, const float *sine,
                      const int32_t *positions, int64_t rows, int64_t heads, int64_t width);

typedef enum tk_activation { TK_SILU = 0, TK_GELU_TANH = 1 } tk_activation;
/* s[rows, width] = act(gate) * up, where gate_up [rows, 2 width] holds gate, then up. */
void tk_gated_forward(float *s, const float *gate_up, tk_activation activation, int64_t rows,
                      int64_t width);
/* dgate_up [rows, 2 width] = gradient; overwritten. */
void tk_gated_backward(float *dgate_up, const float *ds, const float *gate_up,
                       tk_activation activation, int64_t rows, int64_t width);

/* y = x + branch over count elements; y may be either. */
void tk_add(float *y, const float *x, const float *branch, int64_t count);

/* ---- Attention -------------------------------------------------------------------------- */

/* Keys and values live in pages of 16 positions. A page of one layer holds, for each key/value
 * head, keys [width][16] and then values [16][width]; page i begins at base + i * page_stride. */
enum { TK_PAGE = 16 };
typedef struct tk_pages {
  float *base;
  int64_t page_stride; /* floats from one page to the next: at least 2 * 16 * heads * width */
  int64_t heads, width;
} tk_pages;

/* Rows first_row ... first_row + rows - 1 are consecutive positions, from `position` on, of one
 * sequence, whose pages are table[0], table[1], ... in order of position. */
typedef struct tk_span {
  int64_t first_row, rows, position;
  const int32_t *table;
} tk_span;

/* Stores each row's key and value (already normed and rotated) at its position's page and slot.
 * k, v: [rows, heads * width]. */
void tk_pages_write(const tk_pages *pages, const tk_span *spans, int64_t span_count,
                    const float *k, const float *v, int64_t ldk);

typedef struct tk_attention {
  int64_t heads;   /* query heads; a multiple of pages->heads */
  int64_t window;  /* position i sees j with i - window < j <= i; 0 for no window */
  float scale;
  float softcap;   /* c of c tanh(s/c); 0 for none */
} tk_attention;

/* o[rows, heads * width] = softmax attention of q over its own sequence's pages, the row's own
 * key included (write first). lse [rows, heads]: log of the sum of exponentials, or NULL. */
void tk_attention_forward(float *o, int64_t ldo, float *lse, const float *q, int64_t ldq,
                          const tk_pages *pages, const tk_span *spans, int64_t span_count,
                          const tk_attention *attention);
/* Gradients of whole sequences: a span from position 0 on, and behind it the spans that each go on
 * from its end: sequences that begin with the same rows. q, k, v, and dq, dk, dv are slices of one
 * row of stride ld (queries, then keys, then values); o, dout [rows, heads * width]; k after
 * rotation. Overwrites dq, dk, dv. */
void tk_attention_backward(float *dqkv, int64_t lddqkv, const float *qkv, int64_t ldqkv,
                           const float *o, const float *dout, int64_t ldo, const float *lse,
                           int64_t kv_heads, int64_t width, const tk_span *spans,
                           int64_t span_count, const tk_attention *attention);

/* ---- The head --------------------------------------------------------------------------- */

/* z = cap * tanh(z / cap), in place; and dz *= 1 - (z/cap)^2, z being the capped value. */
void tk_softcap_forward(float *z, int64_t ldz, float cap, int64_t rows, int64_t columns);
void tk_softcap_backward(float *dz, int64_t lddz, const float *z, int64_t ldz, float cap,
                         int64_t rows, int64_t columns);

/* Per row of z = logits / temperature over the first `allowed` ids: logprob of tokens[r], the
 * entropy, and lse, all in nats. Sums are double. Outputs [rows]; any may be NULL. */
void tk_logprob_forward(float *logprob, float *entropy, double *lse, const float *logits,
                        int64_t ldl, const int32_t *tokens, float temperature, int64_t rows,
                        int64_t allowed);
/* logprobs[v] = logits[v] / temperature - lse for v < allowed, of one row, lse as the forward gave
 * it: the token's is its logprob to the bit. On the calling thread. */
void tk_logprob_row(float *logprobs, const float *logits, double lse, float temperature,
                    int64_t allowed);
/* dlogits[v] += drow[v] / temperature for v < allowed, of one row; 0 if some drow[v] is not finite.
 * On the calling thread. */
int tk_logprob_row_backward(float *dlogits, const float *drow, float temperature,
                            int64_t allowed);
/* dlogits[r, v] = (dlogprob[r] (1[v = token] - p) - dentropy[r] p (log p + H)) / temperature for
 * v < allowed, 0 for the `columns - allowed` behind; dlogits may be logits (in place). A row whose
 * two slopes are 0 becomes exactly 0. lse and entropy [rows] as the forward gave them. */
void tk_logprob_backward(float *dlogits, int64_t lddl, const float *logits, int64_t ldl,
                         const int32_t *tokens, const float *dlogprob, const float *dentropy,
                         const double *lse, const float *entropy, float temperature, int64_t rows,
                         int64_t allowed, int64_t columns);

/* How a token is drawn: temperature, then top-k (0: off), top-p (1: off), min-p (0: off). */
typedef struct tk_sampling {
  float temperature; /* 0: greedy, and then logprobs are those of temperature 1 */
  int32_t top_k;
  float top_p, min_p;
} tk_sampling;

/* Draws tokens[r] from logits[r, :allowed] by inverting the cumulative distribution at
 * uniform[r] in [0, 1). `behaviour` is the token's log-probability under the truncated law, `old`
 * under the untruncated one (equal to the bit where nothing is cut off), both as
 * tk_logprob_forward would give them, `entropy` and `lse` the untruncated law's. Ties: lower id
 * first. */
void tk_sample(int32_t *tokens, float *behaviour, float *old, float *entropy, double *lse,
               const float *logits, int64_t ldl, const double *uniform,
               const tk_sampling *sampling, int64_t rows, int64_t allowed);

/* ---- The update ------------------------------------------------------------------------- */

typedef struct tk_adamw_step {
  double learning_rate, beta1, beta2, epsilon, decay; /* decay 0 for vectors */
  double correction1, correction2;                    /* 1 - beta^t */
  float gradient_scale;                               /* multiplies g first (clipping) */
} tk_adamw_step;
/* theta, m, v [count]; g is read only. */
void tk_adamw(float *theta, float *m, float *v, const float *g, const tk_adamw_step *step,
              int64_t count);
/* The same, to the bit; the weights as they were take the place of g. Returns the sum of squares,
 * in double, of what was added to them. */
double tk_adamw_keeping(float *theta, float *m, float *v, float *g, const tk_adamw_step *step,
                        int64_t count);
/* y = from + share (to - from); y may be either. */
void tk_between(float *y, const float *from, const float *to, float share, int64_t count);

/* What is worth knowing of a tensor before its update: sums in double, in fixed blocks. */
typedef struct tk_figures {
  double weight_squares, gradient_squares;
  double gradient_sum; /* of |g| */
  double gradient_max; /* largest |g| */
  double alignment;    /* sum of -g theta */
  int64_t spikes;      /* entries with g^2 > spike v and v > 0 */
} tk_figures;
/* v is Adam's second moment before the update; NULL counts no spikes. */
tk_figures tk_tensor_figures(const float *theta, const float *g, const float *v, float spike,
                             int64_t count);
/* Sum of squares in double, in fixed blocks. */
double tk_sum_of_squares(const float *x, int64_t count);
/* Index of the first NaN or infinity, or -1. */
int64_t tk_first_nonfinite(const float *x, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
