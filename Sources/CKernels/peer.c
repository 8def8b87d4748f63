// The products by OpenBLAS: the peer that the benchmark times beside our own.
#include <cblas.h>

#include "temper_kernels.h"

void tk_peer_product_forward(float *y, const float *x, const float *w, int64_t rows,
                             int64_t inputs, int64_t outputs) {
  openblas_set_num_threads(tk_pool_threads());
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)outputs, (int)inputs, 1, x,
              (int)inputs, w, (int)inputs, 0, y, (int)outputs);
}

void tk_peer_product_backward_input(float *dx, const float *dy, const float *w, int64_t rows,
                                    int64_t inputs, int64_t outputs) {
  openblas_set_num_threads(tk_pool_threads());
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)inputs, (int)outputs, 1,
              dy, (int)outputs, w, (int)inputs, 0, dx, (int)inputs);
}

void tk_peer_product_backward_weight(float *dw, const float *dy, const float *x, int64_t rows,
                                     int64_t inputs, int64_t outputs) {
  openblas_set_num_threads(tk_pool_threads());
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)outputs, (int)inputs, (int)rows, 1,
              dy, (int)outputs, x, (int)inputs, 1, dw, (int)inputs);
}
