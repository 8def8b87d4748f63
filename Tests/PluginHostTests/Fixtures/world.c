/* An environment of one turn, right or broken as a macro says. */
#include "temper_plugin.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define UNUSED __attribute__((unused))

struct temper_instance {
  char unused;
};
struct temper_episode {
  char unused;
};
static temper_instance only;
#ifndef NO_EPISODE
static temper_episode begun;
#endif

static UNUSED void say(temper_sink sink, const char *text) {
  sink.write(sink.context, text, strlen(text));
}

static temper_status describe(temper_instance *self UNUSED, temper_world *world,
                              temper_error *error UNUSED) {
  world->turns = 1;
#ifdef TOOLS
  say(world->tools, "{");
#endif
  return TEMPER_OK;
}

static temper_status begin(temper_instance *self UNUSED, const temper_task *task UNUSED,
                           temper_sink messages UNUSED, temper_episode **episode,
                           temper_error *error UNUSED) {
#if defined NO_JSON
  say(messages, "hello");
#elif defined NO_ROLE
  say(messages, "[{\"role\":\"user\"}]");
#elif !defined SILENT
  say(messages, "[{\"role\":\"user\",\"content\":\"go\"}]");
#endif
#ifdef NO_EPISODE
  (void)episode;
#else
  *episode = &begun;
#endif
  return TEMPER_OK;
}

static temper_status step(temper_instance *self UNUSED, temper_episode *episode UNUSED,
                          const temper_turn *turn UNUSED, temper_transition *transition,
                          temper_error *error UNUSED) {
  transition->ending = TEMPER_SUCCEEDED;
#ifdef ENDING
  transition->ending = (temper_ending)77;
#endif
#ifdef NOT_FINITE
  transition->reward = NAN;
#endif
  return TEMPER_OK;
}

static UNUSED void end(temper_instance *self UNUSED, temper_episode *episode UNUSED) {}

static const temper_environment environment = {
    .size = sizeof environment,
    .describe = describe,
    .begin = begin,
    .step = step,
#ifndef NO_END
    .end = end,
#endif
};

static temper_status create(const temper_plugin *plugin UNUSED, const temper_host *host UNUSED,
                            temper_text config UNUSED, temper_instance **instance,
                            temper_error *error UNUSED) {
  *instance = &only;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance UNUSED) {}

static const void *table(const temper_plugin *plugin UNUSED, const char *id) {
  return strcmp(id, TEMPER_ENVIRONMENT) == 0 ? &environment : NULL;
}

static const temper_descriptor descriptor = {.size = sizeof descriptor,
                                             .id = "org.example.world",
                                             .version = "1.0.0",
                                             .kind = TEMPER_ENVIRONMENT,
                                             .summary = "One turn.",
                                             .defaults = "{}"};
static const temper_plugin plugin = {.size = sizeof plugin,
                                     .descriptor = &descriptor,
                                     .create = create,
                                     .destroy = destroy,
                                     .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
