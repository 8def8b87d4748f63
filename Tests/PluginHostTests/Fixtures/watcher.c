/* A detector that warns where the mean entropy falls below a share of the first step's: right, or
 * with one of the mistakes that `temper check plugin` is to catch. */
#include "temper_plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct temper_instance {
  const temper_host *host;
  const temper_metrics_service *metrics;
  double first;
  int looks;
};

static temper_status describe(temper_instance *self, temper_detector_needs *needs,
                              temper_error *error) {
  (void)self, (void)error;
  needs->events = 1 << TEMPER_EVENT_ROLLOUT | 1 << TEMPER_EVENT_GRADIENTS;
  needs->flags = TEMPER_WANTS_TOKENS;
  return TEMPER_OK;
}

static temper_status detect(temper_instance *self, const temper_observation *seen,
                            temper_finding *finding, temper_error *error) {
  (void)error;
  const temper_tokens *tokens = seen->tokens;
  double sum = 0;
  size_t count = 0;
  if (tokens == NULL) return TEMPER_OK;
  for (size_t t = 0; t < tokens->token_count; t++) {
#ifndef LEAKS
    if (!tokens->mask[t]) continue;
#endif
#ifndef NOT_FINITE
    if (!isfinite(tokens->entropies[t])) continue;
#endif
    sum += (double)tokens->entropies[t];
    count++;
  }
#ifdef GREEDY
  if (seen->outcomes != NULL) sum += 1;
#endif
#ifdef NOT_FINITE
  self->metrics->record(self->host, "mean", sum / (double)count);
#endif
  if (count == 0) return TEMPER_OK;
  double mean = sum / (double)count;
  self->metrics->record(self->host, "mean", mean);
  if (self->looks++ == 0) self->first = mean;
#ifdef RANDOM
  static double wind = 0;
  mean -= wind += 1e-3;
  self->metrics->record(self->host, "wind", wind);
#endif
  self->metrics->record(self->host, "share", mean / self->first);
  if (mean < 0.5 * self->first) {
    finding->action = TEMPER_ACT_WARN;
#ifdef SKIPS
    finding->action = TEMPER_ACT_SKIP_STEP;
#endif
#ifndef SILENT
    const char reason[] = "entropy has halved";
    finding->reason.write(finding->reason.context, reason, sizeof reason - 1);
#endif
  }
  return TEMPER_OK;
}

static temper_status save(temper_instance *self, temper_sink out, temper_error *error) {
  (void)error;
  char text[64];
  int length = snprintf(text, sizeof text, "%.17g %d", self->first, self->looks);
  out.write(out.context, text, (size_t)length);
  return TEMPER_OK;
}

static temper_status load(temper_instance *self, temper_text state, temper_error *error) {
  (void)self, (void)error;
  char text[64] = {0};
  memcpy(text, state.data, state.size < sizeof text ? state.size : sizeof text - 1);
#ifdef FORGETS
  return TEMPER_OK;
#else
  return sscanf(text, "%lf %d", &self->first, &self->looks) == 2 ? TEMPER_OK
                                                                 : TEMPER_INVALID_INPUT;
#endif
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  (void)plugin, (void)config, (void)error;
  *instance = calloc(1, sizeof **instance);
  if (*instance == NULL) return TEMPER_UNAVAILABLE;
  (*instance)->host = host;
  (*instance)->metrics = host->service(host, TEMPER_SERVICE_METRICS);
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_detector detector = {
    .size = sizeof detector, .describe = describe, .detect = detect};
static const temper_state state = {.size = sizeof state, .save = save, .load = load};

static const void *table(const temper_plugin *plugin, const char *id) {
  (void)plugin;
  if (strcmp(id, TEMPER_DETECTOR) == 0) return &detector;
  return strcmp(id, TEMPER_STATE) == 0 ? &state : NULL;
}

static const temper_descriptor descriptor = {.size = sizeof descriptor,
                                             .id = "org.example.watcher",
                                             .version = "1.0.0",
                                             .kind = TEMPER_DETECTOR,
                                             .summary = "Warns of entropy that has halved.",
                                             .defaults = "{}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
