/* The plugin's own test: calls its functions as temper does. */
#include "loss_jump.c"

static int failures;

static void expect(int holds, const char *what) {
  if (!holds) fprintf(stderr, "failed: %s\n", what), failures++;
}

static void keep(void *context, const char *data, size_t size) {
  strncat(context, data, size);
}

/* Shows it a step of this loss; returns the action, and the reason in `reason`. */
static temper_action look(temper_instance *self, double loss, char *reason) {
  temper_metric metric = {"policy/loss", loss};
  temper_observation seen = {.size = sizeof seen, .event = TEMPER_EVENT_STEP,
                             .metric_count = 1, .metrics = &metric};
  temper_finding finding = {.size = sizeof finding, .factor = 1, .reason = {reason, keep}};
  temper_error error;
  expect(detect(self, &seen, &finding, &error) == TEMPER_OK, "it looks");
  return finding.action;
}

int main(void) {
  const char config[] = "{\"decay\":0.5,\"factor\":10,\"patience\":2}";
  char saved[64] = "", reason[256] = "";
  temper_error error;
  temper_instance *self;

  expect(create(&plugin, NULL, (temper_text){config, strlen(config)}, &self, &error) == TEMPER_OK,
         "an instance is made");
  expect(look(self, 0.01, reason) == TEMPER_ACT_NONE, "the first step says nothing");
  expect(look(self, -0.03, reason) == TEMPER_ACT_NONE, "nor does the second");
  expect(self->average == 0.02, "the average is of the loss's size");
  save(self, (temper_sink){saved, keep}, &error);
  expect(look(self, -0.5, reason) == TEMPER_ACT_WARN, "a loss 25 times the average is a warning");
  expect(strcmp(reason, "policy/loss is -0.5, 25 times its average of 0.02: "
                        "look at this step's rollout") == 0,
         "with the figures");
  load(self, (temper_text){saved, strlen(saved)}, &error);
  expect(self->average == 0.02 && self->steps == 2, "what is remembered survives a checkpoint");
  expect(look(self, NAN, reason) == TEMPER_ACT_NONE && self->steps == 2,
         "a loss that is no number is left out");
  destroy(self);

  const char wrong[] = "{\"decay\":1,\"factor\":10,\"patience\":2}";
  expect(create(&plugin, NULL, (temper_text){wrong, strlen(wrong)}, &self, &error) ==
             TEMPER_INVALID_CONFIG,
         "a decay of 1 is refused");
  if (failures == 0) puts("passed");
  return failures != 0;
}
