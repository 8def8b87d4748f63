// The C face of libsentencepiece: text and ids in, ids and text out, no exception across it.
//
// Text is a pointer and a length, for it may hold NUL. Output goes to a sink, whose pointers are
// borrowed until it returns. Every function but csp_load and csp_free is [any]: a loaded model may
// be used from several threads at once.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csp_model csp_model;

// Loads a serialized model. NULL on failure, with a sentence in error.
csp_model *csp_load(const void *bytes, size_t count, char *error, size_t capacity);
void csp_free(csp_model *model);

int32_t csp_size(const csp_model *model);

// Ids of the special pieces; negative where the model has none.
int32_t csp_unk_id(const csp_model *model);
int32_t csp_bos_id(const csp_model *model);
int32_t csp_eos_id(const csp_model *model);
int32_t csp_pad_id(const csp_model *model);

// The piece of an id in [0, size), borrowed for the model's life.
const char *csp_piece(const csp_model *model, int32_t id, size_t *count);
int32_t csp_is_control(const csp_model *model, int32_t id);
// The id of a piece; that of the unknown piece where there is none.
int32_t csp_id(const csp_model *model, const char *piece, size_t count);

typedef void (*csp_ids_sink)(void *context, const int32_t *ids, size_t count);
typedef void (*csp_text_sink)(void *context, const char *text, size_t count);

// 0, or -1 with a sentence in error. Ids to decode must be in [0, size).
int32_t csp_encode(const csp_model *model, const char *text, size_t count, csp_ids_sink sink,
                   void *context, char *error, size_t capacity);
int32_t csp_decode(const csp_model *model, const int32_t *ids, size_t count, csp_text_sink sink,
                   void *context, char *error, size_t capacity);

#ifdef __cplusplus
}
#endif
