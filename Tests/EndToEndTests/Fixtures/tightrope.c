/* A walk of three turns that crashes or hangs in the middle of some tasks. */
#include "temper_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temper_instance {
  int crash, hang, every, delay;
};

struct temper_episode {
  uint64_t seed;
};

static int number(temper_text config, const char *key) {
  char text[256] = {0};
  memcpy(text, config.data, config.size < sizeof text ? config.size : sizeof text - 1);
  const char *place = strstr(text, key);
  return place ? atoi(place + strlen(key)) : 0;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  *instance = malloc(sizeof **instance);
  (*instance)->crash = number(config, "\"crash\":");
  (*instance)->hang = number(config, "\"hang\":");
  (*instance)->every = number(config, "\"every\":");
  (*instance)->delay = number(config, "\"delay\":");
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static void say(temper_sink sink, const char *text) {
  sink.write(sink.context, text, strlen(text));
}

static temper_status describe(temper_instance *self, temper_world *world, temper_error *error) {
  world->turns = 3;
  return TEMPER_OK;
}

static temper_status begin(temper_instance *self, const temper_task *task, temper_sink messages,
                           temper_episode **episode, temper_error *error) {
  char text[96];
  *episode = malloc(sizeof **episode);
  (*episode)->seed = task->seed;
  snprintf(text, sizeof text, "[{\"role\":\"user\",\"content\":\"%d+2=\"}]", (int)(task->seed % 9));
  say(messages, text);
  printf("what a plugin prints is nobody's business\n");
  return TEMPER_OK;
}

static temper_status step(temper_instance *self, temper_episode *episode,
                          const temper_turn *turn, temper_transition *transition,
                          temper_error *error) {
  const int rest = (int)(episode->seed % (uint64_t)self->every);
  if (self->delay) usleep((useconds_t)(1000 * self->delay * (rest + 1)));
  volatile int *nowhere = NULL;
  if (turn->number == 1 && rest == 1 && self->crash) *nowhere = 1;
  if (turn->number == 1 && rest == 2 && self->hang) pause();
  int sum = 0;
  for (size_t i = 0; i < turn->text.size; i++) sum += turn->text.data[i];
  transition->reward = (sum % 4) / 4.0;
  transition->is_void = sum % 5 == 0;
  if (turn->number == 2) transition->ending = sum % 2 ? TEMPER_SUCCEEDED : TEMPER_MISSED;
  say(transition->messages, "[{\"role\":\"tool\",\"content\":\"=7\"}]");
  return TEMPER_OK;
}

static void end(temper_instance *self, temper_episode *episode) { free(episode); }

static const temper_environment environment = {
    .size = sizeof environment, .describe = describe, .begin = begin, .step = step, .end = end};

static const void *table(const temper_plugin *plugin, const char *id) {
  return strcmp(id, TEMPER_ENVIRONMENT) == 0 ? &environment : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.tightrope",
    .version = "1.0.0",
    .kind = TEMPER_ENVIRONMENT,
    .summary = "Falls where it is told to.",
    .defaults = "{\"crash\": 0, \"hang\": 0, \"every\": 4, \"delay\": 0}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
