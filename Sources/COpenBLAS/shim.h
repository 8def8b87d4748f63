#pragma once
#include <cblas.h>
#include <stddef.h>

// LAPACK's symmetric eigenproblem by divide and conquer, which OpenBLAS has in it and its header
// leaves out. Column-major; lengths of the character arguments come last, as Fortran passes them.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
             double *w, double *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t jobz_length, size_t uplo_length);
