/* Asks plainly, or for an answer behind a marker, which it then scores. */
#include "temper_plugin.h"

#include <stdlib.h>
#include <string.h>

struct temper_instance {
  char unused;
};

static const char *const names[] = {"plain", "marked"};
static const char *const requests[] = {"", "\n\nEnd with 'Answer:' and your answer."};
enum { TEMPLATES = 2 };

static void say(temper_sink sink, const char *text, size_t size) {
  sink.write(sink.context, text, size);
}

static temper_status count(temper_instance *self, size_t *count, temper_error *error) {
  *count = TEMPLATES;
  return TEMPER_OK;
}

static temper_status name(temper_instance *self, size_t index, temper_sink name,
                          temper_error *error) {
  if (index >= TEMPLATES) return TEMPER_INVALID_INPUT;
  say(name, names[index], strlen(names[index]));
  return TEMPER_OK;
}

static temper_status write_prompt(temper_instance *self, size_t index, temper_text row,
                                  temper_text problem, const temper_prompt *prompt,
                                  temper_error *error) {
  if (index >= TEMPLATES) return TEMPER_INVALID_INPUT;
  say(prompt->user, problem.data, problem.size);
  say(prompt->user, requests[index], strlen(requests[index]));
  return TEMPER_OK;
}

static int contains(temper_text text, const char *part) {
  const size_t size = strlen(part);
  for (size_t i = 0; i + size <= text.size; i++)
    if (memcmp(text.data + i, part, size) == 0) return 1;
  return 0;
}

static temper_status score(temper_instance *self, size_t index, temper_text completion,
                           double *score, temper_error *error) {
  if (index >= TEMPLATES) return TEMPER_INVALID_INPUT;
  *score = index == 0 || contains(completion, "Answer:") ? 1 : 0;
  return TEMPER_OK;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  *instance = calloc(1, sizeof **instance);
  return *instance == NULL ? TEMPER_UNAVAILABLE : TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_prompts prompts = {.size = sizeof prompts, .count = count, .name = name,
                                       .write = write_prompt, .score = score};

static const void *table(const temper_plugin *plugin, const char *id) {
  return strcmp(id, TEMPER_PROMPTS) == 0 ? &prompts : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.two-wordings",
    .version = "1.0.0",
    .kind = TEMPER_PROMPTS,
    .summary = "Asks plainly, or for an answer behind a marker.",
    .defaults = "{}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
