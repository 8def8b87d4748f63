/* Asks for the answer behind "####", in one of two wordings. */
#include "temper_plugin.h"

#include <string.h>

struct temper_instance {
  int unused;
};

static void say(temper_sink sink, const char *text) {
  sink.write(sink.context, text, strlen(text));
}

static temper_status count(temper_instance *self, size_t *count, temper_error *error) {
  *count = 2;
  return TEMPER_OK;
}

static temper_status name(temper_instance *self, size_t index, temper_sink name,
                          temper_error *error) {
  say(name, index == 0 ? "short" : "steps");
  return TEMPER_OK;
}

static temper_status write(temper_instance *self, size_t index, temper_text row,
                           temper_text problem, const temper_prompt *prompt,
                           temper_error *error) {
  if (index == 1) say(prompt->system, "You work step by step.");
  prompt->user.write(prompt->user.context, problem.data, problem.size);
  say(prompt->user, index == 0 ? "\nEnd with #### and the answer."
                               : "\nShow each step. Write the answer behind ####.");
  return TEMPER_OK;
}

/* 1 where the last line begins with the mark. */
static temper_status score(temper_instance *self, size_t index, temper_text completion,
                           double *score, temper_error *error) {
  const char *text = completion.data;
  size_t end = completion.size;
  while (end > 0 && text[end - 1] == '\n') end--;
  size_t start = end;
  while (start > 0 && text[start - 1] != '\n') start--;
  *score = end - start >= 4 && memcmp(text + start, "####", 4) == 0;
  return TEMPER_OK;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  static temper_instance only; /* nothing is configured, so all can share one */
  *instance = &only;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) {}

static const temper_prompts prompts = {
    .size = sizeof prompts, .count = count, .name = name, .write = write, .score = score};

static const void *table(const temper_plugin *plugin, const char *id) {
  return strcmp(id, TEMPER_PROMPTS) == 0 ? &prompts : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.two-phrasings",
    .version = "1.0.0",
    .kind = TEMPER_PROMPTS,
    .summary = "Asks for the answer behind ####, in one of two wordings.",
    .defaults = "{}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
