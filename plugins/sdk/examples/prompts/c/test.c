/* The plugin's own test: calls its functions as temper does. */
#include "two_wordings.c"

#include <stdio.h>

static int failures;

static void expect(int holds, const char *what) {
  if (!holds) fprintf(stderr, "failed: %s\n", what), failures++;
}

static void keep(void *context, const char *data, size_t size) { strncat(context, data, size); }

static temper_text text(const char *chars) { return (temper_text){chars, strlen(chars)}; }

int main(void) {
  temper_error error;
  temper_instance *self;
  expect(create(&plugin, NULL, text("{}"), &self, &error) == TEMPER_OK, "an instance is made");
  char user[256] = "";
  const temper_prompt prompt = {.size = sizeof prompt, .user = {user, keep}};
  expect(write_prompt(self, 1, text("{}"), text("6*7?"), &prompt, &error) == TEMPER_OK,
         "a prompt is written");
  expect(strncmp(user, "6*7?", 4) == 0, "it begins with the problem");
  double points = -1;
  score(self, 1, text("Answer: 42"), &points, &error);
  expect(points == 1, "the marker is worth the point");
  score(self, 1, text("42"), &points, &error);
  expect(points == 0, "without it there is none");
  destroy(self);
  if (failures == 0) puts("passed");
  return failures != 0;
}
