/* A number to be found by guesses that are answered with higher or lower. */
#include "temper_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct temper_instance {
  long largest;
  uint32_t turns;
};

struct temper_episode {
  long hidden;
  long low, high; /* where the answers so far leave it */
};

static void say(temper_sink sink, const char *text) {
  sink.write(sink.context, text, strlen(text));
}

static temper_status describe(temper_instance *self, temper_world *world, temper_error *error) {
  world->turns = self->turns;
  return TEMPER_OK;
}

/* 64 well mixed bits of a seed: SplitMix64. */
static uint64_t mixed(uint64_t bits) {
  bits += 0x9E3779B97F4A7C15u;
  bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ bits >> 27) * 0x94D049BB133111EBu;
  return bits ^ bits >> 31;
}

static temper_status begin(temper_instance *self, const temper_task *task, temper_sink messages,
                           temper_episode **episode, temper_error *error) {
  temper_episode *begun = malloc(sizeof *begun);
  if (begun == NULL) return TEMPER_UNAVAILABLE;
  begun->hidden = 1 + (long)(mixed(task->seed) % (uint64_t)self->largest);
  begun->low = 1, begun->high = self->largest;
  char text[128];
  snprintf(text, sizeof text,
           "[{\"role\":\"user\",\"content\":\"Find my number from 1 to %ld.\"}]", self->largest);
  say(messages, text);
  *episode = begun;
  return TEMPER_OK;
}

/* The first number of a text; -1 where there is none. */
static long number_in(temper_text text) {
  long number = -1;
  for (size_t i = 0; i < text.size; i++) {
    const char c = text.data[i];
    if (c >= '0' && c <= '9') {
      number = (number < 0 ? 0 : number) * 10 + (c - '0');
      if (number > 1000000000) return number;
    } else if (number >= 0) {
      break;
    }
  }
  return number;
}

static temper_status step(temper_instance *self, temper_episode *episode,
                          const temper_turn *turn, temper_transition *transition,
                          temper_error *error) {
  const long guess = number_in(turn->text);
  const char *answer = "Yes.";
  if (guess < 0) {
    transition->is_void = 1;
    answer = "Write a number.";
  } else if (guess == episode->hidden) {
    transition->ending = TEMPER_SUCCEEDED;
    transition->reward = 1;
  } else if (guess < episode->hidden) {
    if (guess >= episode->low) episode->low = guess + 1;
    answer = "Higher.";
  } else {
    if (guess <= episode->high) episode->high = guess - 1;
    answer = "Lower.";
  }
  if (transition->ending == TEMPER_GOES_ON && turn->number + 1 >= self->turns)
    transition->ending = TEMPER_OUT_OF_TURNS;
  say(transition->messages, "[{\"role\":\"user\",\"content\":\"");
  say(transition->messages, answer);
  say(transition->messages, "\"}]");
  return TEMPER_OK;
}

static temper_status expert(temper_instance *self, temper_episode *episode, temper_sink turn,
                            temper_error *error) {
  char text[32];
  snprintf(text, sizeof text, "%ld", (episode->low + episode->high) / 2);
  say(turn, text);
  return TEMPER_OK;
}

static void end(temper_instance *self, temper_episode *episode) { free(episode); }

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
  const double largest = number(config, "\"largest\":");
  const double turns = number(config, "\"turns\":");
  if (!(largest >= 2 && largest <= 1e9) || !(turns >= 1 && turns <= 1e6)) {
    snprintf(error->message, sizeof error->message,
             "'largest' has to be from 2 to 1e9 and 'turns' at least 1; they are %g and %g",
             largest, turns);
    return TEMPER_INVALID_CONFIG;
  }
  *instance = malloc(sizeof **instance);
  if (*instance == NULL) return TEMPER_UNAVAILABLE;
  (*instance)->largest = (long)largest, (*instance)->turns = (uint32_t)turns;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_environment environment = {.size = sizeof environment, .describe = describe,
                                               .begin = begin, .step = step, .expert = expert,
                                               .end = end};

static const void *table(const temper_plugin *plugin, const char *id) {
  return strcmp(id, TEMPER_ENVIRONMENT) == 0 ? &environment : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.higher-lower",
    .version = "1.0.0",
    .kind = TEMPER_ENVIRONMENT,
    .summary = "A number to be found by guesses.",
    .defaults = "{\"largest\": 100, \"turns\": 7}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
