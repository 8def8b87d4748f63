/* The plugin's own test: calls its functions as temper does. */
#include "higher_lower.c"

static int failures;

static void expect(int holds, const char *what) {
  if (!holds) fprintf(stderr, "failed: %s\n", what), failures++;
}

static void keep(void *context, const char *data, size_t size) { strncat(context, data, size); }

static temper_text text(const char *chars) { return (temper_text){chars, strlen(chars)}; }

int main(void) {
  temper_error error;
  temper_instance *self;
  expect(create(&plugin, NULL, text("{\"largest\":100,\"turns\":7}"), &self, &error) == TEMPER_OK,
         "an instance is made");
  for (uint64_t seed = 0; seed < 100; seed++) {
    char opening[256] = "";
    const temper_task task = {.size = sizeof task, .seed = seed};
    temper_episode *episode;
    expect(begin(self, &task, (temper_sink){opening, keep}, &episode, &error) == TEMPER_OK,
           "an episode begins");
    temper_ending ending = TEMPER_GOES_ON;
    for (uint32_t number = 0; ending == TEMPER_GOES_ON; number++) {
      char guess[32] = "", answer[256] = "";
      expert(self, episode, (temper_sink){guess, keep}, &error);
      const temper_turn turn = {.size = sizeof turn, .number = number, .text = text(guess)};
      temper_transition transition = {.size = sizeof transition, .messages = {answer, keep}};
      step(self, episode, &turn, &transition, &error);
      ending = transition.ending;
    }
    expect(ending == TEMPER_SUCCEEDED, "the expert finds every number");
    end(self, episode);
  }
  destroy(self);
  if (failures == 0) puts("passed");
  return failures != 0;
}
