/* The plugin's own test: calls its functions as temper does. */
#include "short_answer.c"

static int failures;

static void expect(int holds, const char *what) {
  if (!holds) fprintf(stderr, "failed: %s\n", what), failures++;
}

static void forget(void *context, const char *data, size_t size) {
  (void)context, (void)data, (void)size;
}

static temper_verdict verdict(temper_instance *self, const char *completion, size_t tokens) {
  temper_sample sample = {.size = sizeof sample,
                          .completion = {completion, strlen(completion)},
                          .token_count = tokens};
  temper_judgement judgement = {
      .size = sizeof judgement, .reason = {NULL, forget}, .answer = {NULL, forget}};
  const temper_sample *samples[] = {&sample};
  temper_judgement *judgements[] = {&judgement};
  temper_error error;
  return judge(self, samples, 1, judgements, &error) == TEMPER_OK ? judgement.verdict
                                                                  : TEMPER_FAILED;
}

int main(void) {
  const char config[] = "{\"longest\":3}";
  temper_error error;
  temper_instance *self;
  expect(create(&plugin, NULL, (temper_text){config, strlen(config)}, &self, &error) == TEMPER_OK,
         "an instance is made");
  expect(verdict(self, "42", 3) == TEMPER_RIGHT, "a short completion is right");
  expect(verdict(self, "42", 4) == TEMPER_WRONG, "a long one is wrong");
  expect(verdict(self, "", 1) == TEMPER_UNPARSABLE, "an empty one is unparsable");
  destroy(self);
  if (failures == 0) puts("passed");
  return failures != 0;
}
