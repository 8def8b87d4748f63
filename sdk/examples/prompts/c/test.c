/* The plugin's own test: calls its functions as temper does. */
#include "two_phrasings.c"

#include <stdio.h>

static int failures;

static void expect(int holds, const char *what) {
  if (!holds) fprintf(stderr, "failed: %s\n", what), failures++;
}

static void keep(void *context, const char *data, size_t size) {
  strncat(context, data, size);
}

static double form(const char *completion) {
  double value = -1;
  temper_error error;
  score(NULL, 0, (temper_text){completion, strlen(completion)}, &value, &error);
  return value;
}

int main(void) {
  temper_error error;
  for (size_t index = 0; index < 2; index++) {
    char system[256] = "", user[256] = "", prefix[256] = "";
    temper_prompt prompt = {sizeof prompt, {system, keep}, {user, keep}, {prefix, keep}};
    write(NULL, index, (temper_text){"{}", 2}, (temper_text){"1 + 1 = ?", 9}, &prompt, &error);
    expect(strncmp(user, "1 + 1 = ?\n", 10) == 0, "the problem comes first");
    expect(strstr(user, "####") != NULL, "the mark is named");
  }
  expect(form("1 + 1 is 2\n#### 2\n") == 1, "a mark on the last line keeps the form");
  expect(form("#### 2\nI am sure.") == 0, "a mark above it does not");
  expect(form("") == 0, "nothing keeps no form");
  if (failures == 0) puts("passed");
  return failures != 0;
}
