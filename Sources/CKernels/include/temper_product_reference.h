/* temper_product_reference.h -- the products and the embedding as one would write them down.
 *
 * The twins of the fast functions of the same names, for tests and for readers. The forward ones
 * give the very bits that the fast ones must give; the backward ones sum in double.
 */
#ifndef TEMPER_PRODUCT_REFERENCE_H
#define TEMPER_PRODUCT_REFERENCE_H

#include "temper_kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

void tk_reference_product_forward(float *y, int64_t ldy, const float *x, int64_t ldx,
                                  const tk_weight *w, const float *bias, int64_t rows,
                                  int64_t outputs);
/* With an int8 copy. */
void tk_reference_quantized_forward(float *y, int64_t ldy, const float *x, int64_t ldx,
                                    const tk_weight *w, const float *bias, int64_t rows,
                                    int64_t outputs);
void tk_reference_product_backward_input(float *dx, int64_t lddx, const float *dy, int64_t lddy,
                                         const tk_weight *w, int64_t rows, int64_t outputs,
                                         int accumulate);
void tk_reference_product_backward_weight(float *dw, const float *dy, int64_t lddy, const float *x,
                                          int64_t ldx, int64_t rows, int64_t outputs,
                                          int64_t inputs);
void tk_reference_embedding_forward(float *y, const tk_weight *w, const int32_t *ids, float scale,
                                    int64_t rows);
void tk_reference_embedding_backward(float *dw, const float *dy, const int32_t *ids, float scale,
                                     int64_t rows, int64_t width);

#ifdef __cplusplus
}
#endif
#endif
