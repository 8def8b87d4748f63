/* The plugin's own test: calls its functions as temper does. */
#include "entropy_floor.c"

static int failures;

static void expect(int holds, const char *what) {
  if (!holds) fprintf(stderr, "failed: %s\n", what), failures++;
}

static void keep(void *context, const char *data, size_t size) {
  strncat(context, data, size);
}

int main(void) {
  const char config[] = "{\"decay\":0.9,\"floor\":0.5,\"strength\":2}";
  const float entropies[] = {0.125f, 9, 0.375f};
  const uint8_t mask[] = {1, 0, 1};
  float phi[3] = {0}, dlogprob[3] = {0}, dentropy[3] = {0};
  temper_tokens tokens = {
      .size = sizeof tokens, .token_count = 3, .mask = mask, .entropies = entropies};
  temper_additions additions = {sizeof additions, phi, dlogprob, dentropy};
  char saved[64] = "";
  temper_error error;
  temper_instance *self;

  expect(create(&plugin, NULL, (temper_text){config, strlen(config)}, &self, &error) == TEMPER_OK,
         "an instance is made");
  prepare(self, NULL, &tokens, NULL, &error);
  evaluate(self, &tokens, 0, &additions, &error);
  expect(dentropy[0] == -0.5f && dentropy[2] == -0.5f, "the bonus is twice the shortfall of 0.25");
  expect(dentropy[1] == 0, "a masked token is left alone");
  expect(phi[2] == -0.1875f, "phi is the bonus times the entropy");

  save(self, (temper_sink){saved, keep}, &error);
  self->average = 0;
  load(self, (temper_text){saved, strlen(saved)}, &error);
  expect(self->average == 0.25, "what is remembered survives a checkpoint");
  destroy(self);

  const char wrong[] = "{\"decay\":1,\"floor\":0.5,\"strength\":2}";
  expect(create(&plugin, NULL, (temper_text){wrong, strlen(wrong)}, &self, &error) ==
             TEMPER_INVALID_CONFIG,
         "a decay of 1 is refused");
  if (failures == 0) puts("passed");
  return failures != 0;
}
