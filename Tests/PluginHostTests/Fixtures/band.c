/* Holds entropy in a band around its average over earlier steps, a small EPO (arXiv:2509.22576):
 *
 *   phi = -strength (H - P),   P = max(0, H - 1.2 mean) + max(0, 0.8 mean - H)
 *
 * Macros break it, one at a time, in the ways that methods have been published and shipped. */
#include "temper_plugin.h"

#include <stdlib.h>
#include <string.h>

static const double strength = 0.01;

struct temper_instance {
  double sum, count; /* of entropies of the steps before the one under way */
  double mean;       /* frozen; 0 before there is a history */
};

static void mean_entropy(const temper_tokens *tokens, double *sum, double *count) {
  for (size_t t = 0; t < tokens->token_count; t++) {
#ifndef LEAKS
    if (!tokens->mask[t]) continue;
#endif
    *sum += tokens->entropies[t];
    *count += 1;
  }
}

static temper_status prepare(temper_instance *self, const temper_step *step,
                             const temper_tokens *tokens, temper_shaping *shaping,
                             temper_error *error) {
  (void)step, (void)shaping, (void)error;
  self->mean = self->count > 0 ? self->sum / self->count : 0;
  mean_entropy(tokens, &self->sum, &self->count);
  return TEMPER_OK;
}

static temper_status evaluate(temper_instance *self, const temper_tokens *run, size_t first,
                              temper_additions *additions, temper_error *error) {
  (void)first, (void)error;
  double mean = self->mean;
#ifdef PER_RUN
  double sum = 0, count = 0;
  mean_entropy(run, &sum, &count);
  mean = count > 0 ? sum / count : 0;
#endif
  for (size_t t = 0; t < run->token_count; t++) {
    double entropy = run->entropies[t], penalty = 0, slope = 0;
    if (mean > 0 && entropy > 1.2 * mean) penalty = entropy - 1.2 * mean, slope = 1;
    if (mean > 0 && entropy < 0.8 * mean) penalty = 0.8 * mean - entropy, slope = -1;
#ifdef PUBLISHED
    penalty = penalty > 0 ? 0.1 : 0;
    slope = 0;
#endif
#ifdef WRONG_SIGN
    slope = -slope;
#endif
    additions->phi[t] = (float)(-strength * (entropy - penalty));
    additions->dentropy[t] = (float)(-strength * (1 - slope));
  }
  return TEMPER_OK;
}

static temper_status describe(temper_instance *self, temper_entropy_needs *needs,
                              temper_error *error) {
  (void)self, (void)needs, (void)error;
  return TEMPER_OK;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  (void)plugin, (void)host, (void)config, (void)error;
  *instance = calloc(1, sizeof **instance);
  return *instance ? TEMPER_OK : TEMPER_UNAVAILABLE;
}

static void destroy(temper_instance *instance) { free(instance); }

static temper_status save(temper_instance *self, temper_sink out, temper_error *error) {
  (void)error;
  out.write(out.context, (const char *)self, sizeof *self);
  return TEMPER_OK;
}

static temper_status load(temper_instance *self, temper_text state, temper_error *error) {
  (void)error;
  if (state.size != sizeof *self) return TEMPER_INVALID_INPUT;
  memcpy(self, state.data, sizeof *self);
  return TEMPER_OK;
}

static const temper_entropy entropy = {
    .size = sizeof entropy, .describe = describe, .prepare = prepare, .evaluate = evaluate};
static const temper_state state = {.size = sizeof state, .save = save, .load = load};

static const void *table(const temper_plugin *plugin, const char *id) {
  (void)plugin;
  if (strcmp(id, TEMPER_ENTROPY) == 0) return &entropy;
#ifndef FORGETS
  if (strcmp(id, TEMPER_STATE) == 0) return &state;
#endif
  (void)state;
  return NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.band",
    .version = "1.0.0",
    .kind = TEMPER_ENTROPY,
    .summary = "Holds entropy in a band around its average.",
    .defaults = "{}",
};
static const temper_plugin plugin = {.size = sizeof plugin,
                                     .descriptor = &descriptor,
                                     .create = create,
                                     .destroy = destroy,
                                     .table = table};
static const temper_plugin *const plugins[] = {&plugin};
static const temper_library library = {.size = sizeof library,
                                       .abi_major = TEMPER_ABI_MAJOR,
                                       .abi_minor = TEMPER_ABI_MINOR,
                                       .plugin_count = 1,
                                       .plugins = plugins};

TEMPER_EXPORT const temper_library *temper_plugin_entry(uint32_t abi_major, uint32_t abi_minor) {
  (void)abi_major, (void)abi_minor;
  return &library;
}
