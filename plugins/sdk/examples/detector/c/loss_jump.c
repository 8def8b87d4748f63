/* Warns of a step whose loss is many times the moving average of the steps before. */
#include "temper_plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct temper_instance {
  double factor, decay, patience;
  double average, steps; /* remembered */
};

static temper_status describe(temper_instance *self, temper_detector_needs *needs,
                              temper_error *error) {
  needs->events = 1 << TEMPER_EVENT_STEP; /* metrics come with every event */
  return TEMPER_OK;
}

static temper_status detect(temper_instance *self, const temper_observation *seen,
                            temper_finding *finding, temper_error *error) {
  double loss = NAN;
  for (size_t i = 0; i < seen->metric_count; i++)
    if (strcmp(seen->metrics[i].name, "policy/loss") == 0) loss = seen->metrics[i].value;
  if (!isfinite(loss)) return TEMPER_OK;
  double before = self->average, steps = self->steps, size = fabs(loss);
  double past = steps == 0 ? 0 : self->decay;
  self->average = past * before + (1 - past) * size;
  self->steps = steps + 1;
  if (steps < self->patience || before <= 0 || size <= self->factor * before) return TEMPER_OK;
  char reason[200];
  int length = snprintf(reason, sizeof reason,
                        "policy/loss is %.3g, %.3g times its average of %.3g: "
                        "look at this step's rollout",
                        loss, size / before, before);
  finding->action = TEMPER_ACT_WARN;
  finding->reason.write(finding->reason.context, reason, (size_t)length);
  return TEMPER_OK;
}

static temper_status save(temper_instance *self, temper_sink out, temper_error *error) {
  char text[64];
  int length = snprintf(text, sizeof text, "%.17g %.17g", self->average, self->steps);
  out.write(out.context, text, (size_t)length);
  return TEMPER_OK;
}

static temper_status load(temper_instance *self, temper_text state, temper_error *error) {
  char text[64] = {0};
  memcpy(text, state.data, state.size < sizeof text ? state.size : sizeof text - 1);
  if (sscanf(text, "%lf %lf", &self->average, &self->steps) == 2) return TEMPER_OK;
  snprintf(error->message, sizeof error->message, "the saved state '%s' is not of this plugin",
           text);
  return TEMPER_INVALID_INPUT;
}

/* A number of the configuration, which is compact JSON with every key of the defaults. */
static double number(temper_text config, const char *key) {
  char text[512] = {0};
  memcpy(text, config.data, config.size < sizeof text ? config.size : sizeof text - 1);
  const char *place = strstr(text, key);
  if (place == NULL) return NAN;
  char *end;
  double value = strtod(place + strlen(key), &end);
  return end == place + strlen(key) ? NAN : value;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  temper_instance made = {number(config, "\"factor\":"), number(config, "\"decay\":"),
                          number(config, "\"patience\":"), 0, 0};
  if (!(made.factor > 1) || !(made.decay >= 0 && made.decay < 1) || !(made.patience >= 0)) {
    snprintf(error->message, sizeof error->message,
             "give a 'factor' above 1, a 'decay' in [0, 1) and a 'patience' of at least 0; "
             "they are %g, %g and %g",
             made.factor, made.decay, made.patience);
    return TEMPER_INVALID_CONFIG;
  }
  *instance = malloc(sizeof made);
  if (*instance == NULL) return TEMPER_UNAVAILABLE;
  **instance = made;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_detector detector = {
    .size = sizeof detector, .describe = describe, .detect = detect};
static const temper_state state = {.size = sizeof state, .save = save, .load = load};

static const void *table(const temper_plugin *plugin, const char *id) {
  if (strcmp(id, TEMPER_DETECTOR) == 0) return &detector;
  return strcmp(id, TEMPER_STATE) == 0 ? &state : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.loss-jump",
    .version = "1.0.0",
    .kind = TEMPER_DETECTOR,
    .summary = "Warns of a loss that jumps.",
    .defaults = "{\"decay\": 0.9, \"factor\": 10, \"patience\": 10}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
