#include "sentencepiece_shim.h"

#include <sentencepiece_processor.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

struct csp_model {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {

void write(char *error, size_t capacity, const std::string &message) {
  if (capacity > 0) snprintf(error, capacity, "%s", message.c_str());
}

// Runs body, which returns a status, and turns what goes wrong into a sentence.
template <typename Body>
int32_t guarded(char *error, size_t capacity, Body body) {
  try {
    const auto status = body();
    if (status.ok()) return 0;
    write(error, capacity, status.ToString());
  } catch (const std::exception &exception) {
    write(error, capacity, exception.what());
  } catch (...) {
    write(error, capacity, "unknown C++ exception");
  }
  return -1;
}

}  // namespace

csp_model *csp_load(const void *bytes, size_t count, char *error, size_t capacity) {
  std::unique_ptr<csp_model> model;
  const int32_t failed = guarded(error, capacity, [&] {
    model = std::make_unique<csp_model>();
    return model->processor.LoadFromSerializedProto(
        absl::string_view(static_cast<const char *>(bytes), count));
  });
  return failed ? nullptr : model.release();
}

void csp_free(csp_model *model) { delete model; }

int32_t csp_size(const csp_model *model) { return model->processor.GetPieceSize(); }
int32_t csp_unk_id(const csp_model *model) { return model->processor.unk_id(); }
int32_t csp_bos_id(const csp_model *model) { return model->processor.bos_id(); }
int32_t csp_eos_id(const csp_model *model) { return model->processor.eos_id(); }
int32_t csp_pad_id(const csp_model *model) { return model->processor.pad_id(); }

const char *csp_piece(const csp_model *model, int32_t id, size_t *count) {
  const std::string &piece = model->processor.IdToPiece(id);
  *count = piece.size();
  return piece.data();
}

int32_t csp_is_control(const csp_model *model, int32_t id) {
  return model->processor.IsControl(id);
}

int32_t csp_id(const csp_model *model, const char *piece, size_t count) {
  return model->processor.PieceToId(absl::string_view(piece, count));
}

int32_t csp_encode(const csp_model *model, const char *text, size_t count, csp_ids_sink sink,
                   void *context, char *error, size_t capacity) {
  return guarded(error, capacity, [&] {
    std::vector<int> ids;
    const auto status = model->processor.Encode(absl::string_view(text, count), &ids);
    if (status.ok()) sink(context, ids.data(), ids.size());
    return status;
  });
}

int32_t csp_decode(const csp_model *model, const int32_t *ids, size_t count, csp_text_sink sink,
                   void *context, char *error, size_t capacity) {
  return guarded(error, capacity, [&] {
    std::string text;
    const auto status = model->processor.Decode(std::vector<int>(ids, ids + count), &text);
    if (status.ok()) sink(context, text.data(), text.size());
    return status;
  });
}
