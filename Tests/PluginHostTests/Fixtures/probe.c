/* A verifier that does what the completion tells it, to try every path of the
 * host. Compiled with macros, it breaks the contract in one place. */
#include "temper_plugin.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ID
#define ID "org.example.probe"
#endif
#ifndef KIND
#define KIND TEMPER_VERIFIER
#endif
#ifndef DEFAULTS
#define DEFAULTS "{\"level\": 1, \"label\": \"x\"}"
#endif
#ifndef MAJOR
#define MAJOR TEMPER_ABI_MAJOR
#endif

struct temper_instance {
  const temper_host *host;
};

static atomic_int alive;

static void say(temper_sink sink, const char *text, size_t size) {
  sink.write(sink.context, text, size);
}

static void fill(const temper_host *host, const temper_sample *sample, temper_judgement *out) {
  const temper_metrics_service *metrics = host->service(host, TEMPER_SERVICE_METRICS);
  char text[64];
  metrics->record(host, "size", (double)sample->completion.size);
  say(out->answer, sample->completion.data, sample->completion.size);
  switch (sample->completion.size ? sample->completion.data[0] : 0) {
    case 'r': out->verdict = TEMPER_RIGHT, out->reward = 1.5f; break;
    case 'w': out->verdict = TEMPER_WRONG, out->reward = -0.5f; break;
    case 'u':
      out->verdict = TEMPER_UNPARSABLE, out->reward = -1;
      say(out->reason, "no ", 3), say(out->reason, "answer", 6);
      break;
    case 'f': say(out->reason, "no tool", 7); break;
    case 'n': out->verdict = TEMPER_RIGHT, out->reward = NAN; break;
    case 'v': out->verdict = (temper_verdict)9; break;
    case 'l':
      out->verdict = TEMPER_WRONG;
      for (int i = 0; i < 100000; i++) say(out->reason, "0123456789", 10);
      break;
    case 't': /* what it sees of the sample */
      out->verdict = TEMPER_RIGHT;
      snprintf(text, sizeof text, "%zu %zu %zu %d", sample->row.size, sample->prompt.size,
               sample->token_count, sample->token_count ? sample->tokens[0] : -1);
      say(out->reason, text, strlen(text));
      break;
    default: break; /* left as it came */
  }
}

static temper_status judge(temper_instance *self, const temper_sample *const *samples,
                           size_t count, temper_judgement *const *judgements,
                           temper_error *error) {
  for (size_t i = 0; i < count; i++) {
    if (samples[i]->completion.size && samples[i]->completion.data[0] == 'E') {
      snprintf(error->message, sizeof error->message, "the judge fell over");
      return TEMPER_INTERNAL;
    }
    fill(self->host, samples[i], judgements[i]);
  }
  return TEMPER_OK;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  (void)plugin;
#ifdef REFUSES_TO_START
  snprintf(error->message, sizeof error->message, "the judge's file is missing; install it");
  return TEMPER_UNAVAILABLE;
#endif
  const temper_log_service *log = host->service(host, TEMPER_SERVICE_LOG);
  const temper_random_service *random = host->service(host, TEMPER_SERVICE_RANDOM);
  char line[64];
  (void)error;
  log->write(host, TEMPER_LOG_DEBUG, config);
  snprintf(line, sizeof line, "%llx", (unsigned long long)random->bits(host, 1, 2));
  log->write(host, TEMPER_LOG_WARNING, (temper_text){line, strlen(line)});
  snprintf(line, sizeof line, "alive %d", 1 + atomic_fetch_add(&alive, 1));
  log->write(host, TEMPER_LOG_INFO, (temper_text){line, strlen(line)});
  if (host->service(host, "temper.nothing/1") != NULL) return TEMPER_INTERNAL;
  *instance = malloc(sizeof **instance);
  (*instance)->host = host;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) {
  atomic_fetch_sub(&alive, 1);
  free(instance);
}

static const temper_verifier verifier = {.size = sizeof verifier, .judge = judge};

static const void *table(const temper_plugin *plugin, const char *id) {
  (void)plugin;
#ifdef NO_TABLE
  return NULL;
#endif
  return strcmp(id, TEMPER_VERIFIER) == 0 ? &verifier : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = ID,
    .version = "1.0.0",
    .kind = KIND,
    .summary = "Does what the completion says.",
    .defaults = DEFAULTS,
};
static const temper_plugin plugin = {
    .size = sizeof plugin,
    .descriptor = &descriptor,
    .create = create,
    .destroy = destroy,
    .table = table,
};
#ifdef TWO_NAMES
static const temper_descriptor other_descriptor = {.size = sizeof descriptor,
                                                   .id = "org.example.other",
                                                   .version = "1.0.0",
                                                   .kind = KIND,
                                                   .summary = "",
                                                   .defaults = "{}"};
static const temper_plugin other = {.size = sizeof other,
                                    .descriptor = &other_descriptor,
                                    .create = create,
                                    .destroy = destroy,
                                    .table = table};
static const temper_plugin *const plugins[] = {&plugin, &other};
#elif !defined NO_PLUGINS
static const temper_plugin *const plugins[] = {&plugin, &plugin};
#endif
static const temper_library library = {
#ifdef SHORT_LIBRARY
    .size = 16,
#else
    .size = sizeof library,
#endif
    .abi_major = MAJOR,
    .abi_minor = TEMPER_ABI_MINOR,
#if defined TWO_PLUGINS || defined TWO_NAMES
    .plugin_count = 2,
#else
    .plugin_count = 1,
#endif
#ifndef NO_PLUGINS
    .plugins = plugins,
#endif
};

TEMPER_EXPORT const temper_library *temper_plugin_entry(uint32_t major, uint32_t minor) {
  (void)minor, (void)major;
#ifdef REFUSES_HOST
  return NULL;
#endif
  return &library;
}
