/* Pushes entropy up while its moving average is below a floor: every token then gets a
 * bonus that grows with the shortfall. */
#include "temper_plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct temper_instance {
  double floor, strength, decay;
  double average; /* remembered; NAN before the first step */
  float bonus;    /* frozen: of a nat of entropy */
};

static temper_status describe(temper_instance *self, temper_entropy_needs *needs,
                              temper_error *error) {
  /* columns are enough, and it enters as additions */
  return TEMPER_OK;
}

static temper_status prepare(temper_instance *self, const temper_step *step,
                             const temper_tokens *tokens, temper_shaping *shaping,
                             temper_error *error) {
  double sum = 0;
  size_t count = 0;
  for (size_t t = 0; t < tokens->token_count; t++)
    if (tokens->mask[t]) sum += (double)tokens->entropies[t], count++;
  self->bonus = 0;
  if (count == 0) return TEMPER_OK;
  double mean = sum / (double)count, past = self->decay;
  self->average = isnan(self->average) ? mean : past * self->average + (1 - past) * mean;
  self->bonus = (float)(self->strength * fmax(0, self->floor - self->average));
  return TEMPER_OK;
}

static temper_status evaluate(temper_instance *self, const temper_tokens *run, size_t first,
                              temper_additions *additions, temper_error *error) {
  for (size_t t = 0; t < run->token_count; t++)
    if (run->mask[t]) {
      additions->phi[t] = -self->bonus * run->entropies[t];
      additions->dentropy[t] = -self->bonus;
    }
  return TEMPER_OK;
}

static temper_status save(temper_instance *self, temper_sink out, temper_error *error) {
  char text[40];
  out.write(out.context, text, (size_t)snprintf(text, sizeof text, "%.17g", self->average));
  return TEMPER_OK;
}

static temper_status load(temper_instance *self, temper_text state, temper_error *error) {
  char text[40] = {0};
  memcpy(text, state.data, state.size < sizeof text ? state.size : sizeof text - 1);
  self->average = strtod(text, NULL);
  return TEMPER_OK;
}

/* A number of the configuration, which is compact JSON with every key of the defaults. */
static double number(temper_text config, const char *key) {
  char text[512] = {0};
  memcpy(text, config.data, config.size < sizeof text ? config.size : sizeof text - 1);
  const char *place = strstr(text, key);
  return place ? strtod(place + strlen(key), NULL) : NAN;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  temper_instance made = {number(config, "\"floor\":"), number(config, "\"strength\":"),
                          number(config, "\"decay\":"), NAN, 0};
  if (!(made.decay >= 0 && made.decay < 1)) {
    snprintf(error->message, sizeof error->message, "'decay' must be in [0, 1); it is %g",
             made.decay);
    return TEMPER_INVALID_CONFIG;
  }
  *instance = malloc(sizeof made);
  if (*instance == NULL) return TEMPER_UNAVAILABLE;
  **instance = made;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_entropy entropy = {
    .size = sizeof entropy, .describe = describe, .prepare = prepare, .evaluate = evaluate};
static const temper_state state = {.size = sizeof state, .save = save, .load = load};

static const void *table(const temper_plugin *plugin, const char *id) {
  if (strcmp(id, TEMPER_ENTROPY) == 0) return &entropy;
  return strcmp(id, TEMPER_STATE) == 0 ? &state : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.entropy-floor",
    .version = "1.0.0",
    .kind = TEMPER_ENTROPY,
    .summary = "Pushes entropy up while its moving average is below a floor.",
    .defaults = "{\"decay\": 0.9, \"floor\": 0.3, \"strength\": 0.01}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
