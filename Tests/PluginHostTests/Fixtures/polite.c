/* Right if the completion says "please" or "thank you". A whole plugin in C:
 *
 *   cc -std=c11 -O2 -fPIC -shared -fvisibility=hidden -I Sources/CPluginABI/include \
 *      polite.c -o libpolite.so
 */
#include "temper_plugin.h"

#include <string.h>

struct temper_instance {
  int unused;
};

static int contains(temper_text text, const char *word) {
  size_t length = strlen(word);
  for (size_t i = 0; i + length <= text.size; i++)
    if (memcmp(text.data + i, word, length) == 0) return 1;
  return 0;
}

static void say(temper_sink sink, const char *text) {
  sink.write(sink.context, text, strlen(text));
}

static temper_status judge(temper_instance *self, const temper_sample *const *samples,
                           size_t count, temper_judgement *const *judgements,
                           temper_error *error) {
  (void)self, (void)error;
  for (size_t i = 0; i < count; i++) {
    temper_text text = samples[i]->completion;
    int polite = contains(text, "please") || contains(text, "thank you");
    judgements[i]->verdict = polite ? TEMPER_RIGHT : TEMPER_WRONG;
    judgements[i]->reward = polite ? 1.0f : 0.0f;
    if (!polite) say(judgements[i]->reason, "neither 'please' nor 'thank you'");
  }
  return TEMPER_OK;
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  static temper_instance only; /* nothing is configured, so all can share one */
  (void)plugin, (void)host, (void)config, (void)error;
  *instance = &only;
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { (void)instance; }

static const temper_verifier verifier = {.size = sizeof verifier, .judge = judge};

static const void *table(const temper_plugin *plugin, const char *id) {
  (void)plugin;
  return strcmp(id, TEMPER_VERIFIER) == 0 ? &verifier : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.polite",
    .version = "1.0.0",
    .kind = TEMPER_VERIFIER,
    .summary = "Right if the completion says please or thank you.",
    .defaults = "{}",
};
static const temper_plugin plugin = {
    .size = sizeof plugin,
    .descriptor = &descriptor,
    .create = create,
    .destroy = destroy,
    .table = table,
};
static const temper_plugin *const plugins[] = {&plugin};
static const temper_library library = {
    .size = sizeof library,
    .abi_major = TEMPER_ABI_MAJOR,
    .abi_minor = TEMPER_ABI_MINOR,
    .plugin_count = 1,
    .plugins = plugins,
};

TEMPER_EXPORT const temper_library *temper_plugin_entry(uint32_t major, uint32_t minor) {
  (void)minor;
  return major == TEMPER_ABI_MAJOR ? &library : NULL;
}
