/* Right if the completion says something and is short. The row's gold answer is in
 * samples[i]->row, which is JSON: read it with a JSON library. */
#include "temper_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct temper_instance {
  size_t longest; /* tokens */
};

static void say(temper_sink sink, const char *text) {
  sink.write(sink.context, text, strlen(text));
}

static void judge_one(const temper_instance *self, const temper_sample *sample,
                      temper_judgement *judgement) {
  if (sample->completion.size == 0) {
    judgement->verdict = TEMPER_UNPARSABLE;
    say(judgement->reason, "it is empty");
  } else if (sample->token_count > self->longest) {
    judgement->verdict = TEMPER_WRONG;
    say(judgement->reason, "it is too long");
  } else {
    judgement->verdict = TEMPER_RIGHT;
    judgement->reward = 1;
  }
}

static temper_status judge(temper_instance *self, const temper_sample *const *samples,
                           size_t count, temper_judgement *const *judgements,
                           temper_error *error) {
  for (size_t i = 0; i < count; i++) judge_one(self, samples[i], judgements[i]);
  return TEMPER_OK;
}

/* A number of the configuration, which is compact JSON with every key of the defaults. */
static double number(temper_text config, const char *key) {
  char text[512] = {0};
  memcpy(text, config.data, config.size < sizeof text ? config.size : sizeof text - 1);
  const char *place = strstr(text, key);
  return place ? strtod(place + strlen(key), NULL) : 0;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  double longest = number(config, "\"longest\":");
  if (!(longest >= 1)) {
    snprintf(error->message, sizeof error->message, "'longest' must be at least 1; it is %g",
             longest);
    return TEMPER_INVALID_CONFIG;
  }
  *instance = malloc(sizeof **instance);
  if (*instance == NULL) return TEMPER_UNAVAILABLE;
  (*instance)->longest = (size_t)longest;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_verifier verifier = {.size = sizeof verifier, .judge = judge};

static const void *table(const temper_plugin *plugin, const char *id) {
  return strcmp(id, TEMPER_VERIFIER) == 0 ? &verifier : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.short-answer",
    .version = "1.0.0",
    .kind = TEMPER_VERIFIER,
    .summary = "Right if there are some words, and few.",
    .defaults = "{\"longest\": 200}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
