/* An intervention that shows what it sees, to try every path of the host. Compiled
 * with macros, it breaks the contract in one place. */
#include "temper_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef FLAGS
#define FLAGS (TEMPER_NEEDS_OLD_ROWS | TEMPER_NEEDS_CURRENT_ROWS)
#endif
#ifndef STAGE
#define STAGE TEMPER_STAGE_MASKS
#endif
#ifndef KEPT
#define KEPT 3
#endif

struct temper_instance {
  const temper_host *host;
  double remembered;
};

static temper_status fail(temper_error *error, const char *what) {
  snprintf(error->message, sizeof error->message, "%s fell over", what);
  return TEMPER_INTERNAL;
}

static temper_status describe(temper_instance *self, temper_entropy_needs *needs,
                              temper_error *error) {
  (void)self;
#ifdef REFUSES
  return fail(error, "describe");
#endif
  if (needs->stage != TEMPER_STAGE_ADDITIONS || needs->flags != 0 || needs->observed != 0)
    return fail(error, "what enters describe");
  needs->stage = (temper_stage)(STAGE);
  needs->flags = FLAGS;
  needs->observed = 2;
  return TEMPER_OK;
}

static temper_status observe(temper_instance *self, const temper_row *row, float *observed,
                             temper_sink bytes, temper_error *error) {
  (void)self;
  if (row->token == 9) return fail(error, "observe");
  observed[0] = row->logprobs[0] + row->logprob + row->entropy + (float)row->token;
  observed[1] = row->moment == TEMPER_MOMENT_OLD ? 1.0f : 2.0f;
  for (int i = 0; i < KEPT; i++) {
    char byte = (char)('a' + i % 26);
    bytes.write(bytes.context, &byte, 1);
  }
  return TEMPER_OK;
}

static void column(temper_instance *self, const char *name, const float *values, size_t count) {
  const temper_columns_service *columns =
      self->host->service(self->host, TEMPER_SERVICE_COLUMNS);
  columns->set(self->host, name, 0, values, count);
}

static temper_status prepare(temper_instance *self, const temper_step *step,
                             const temper_tokens *tokens, temper_shaping *shaping,
                             temper_error *error) {
  size_t n = tokens->token_count;
  float seen[64] = {0};
  if (step->step == 13) {
    for (size_t t = 0; t < n; t++) shaping->weights[t] = 7;
    return fail(error, "prepare");
  }
#define SHOW(NAME, EXPRESSION)                                  \
  for (size_t t = 0; t < n; t++) seen[t] = (float)(EXPRESSION); \
  column(self, NAME, seen, n)
  SHOW("tokens", tokens->tokens[t]);
  SHOW("turns", tokens->turns[t]);
  SHOW("mask", tokens->mask[t]);
  SHOW("advantages", tokens->advantages[t]);
  SHOW("coefficients", tokens->coefficients[t]);
  SHOW("logprobs", tokens->logprobs[t]);
  SHOW("old_logprobs", tokens->old_logprobs[t]);
  SHOW("behaviour_logprobs", tokens->behaviour_logprobs[t]);
  SHOW("reference_logprobs", tokens->reference_logprobs ? tokens->reference_logprobs[t] : -99);
  SHOW("entropies", tokens->entropies[t]);
  SHOW("old_entropies", tokens->old_entropies[t]);
  SHOW("observed", tokens->observed[2 * t + 1]);
  SHOW("old_observed", tokens->old_observed[2 * t + 1]);
  SHOW("old_bytes", tokens->old_bytes[t].size ? tokens->old_bytes[t].data[0] : 0);
  for (size_t s = 0; s < tokens->sequence_count; s++)
    for (size_t t = tokens->offsets[s]; t < tokens->offsets[s + 1]; t++)
      seen[t] = (float)(10 * s + tokens->groups[s]);
  column(self, "sequences", seen, n);
  seen[0] = (float)step->step, seen[1] = (float)step->total_steps, seen[2] = (float)step->rollout;
  seen[3] = (float)step->update, seen[4] = (float)step->temperature;
  column(self, "step", seen, 5);
  column(self, "too_long", seen, n + 1);
  for (size_t t = 0; t < n; t++) {
    shaping->weights[t] += (float)t;
    shaping->wanted_rows[t] = t == 1;
    shaping->clip_high[t] = step->clip_is_explicit ? (float)step->clip_high : 0.5f;
  }
  shaping->mask[n - 1] = 0;
  shaping->entropy_coefficient += 0.25;
  shaping->kl_coefficient = step->clip_low;
  shaping->scalar_loss = self->remembered;
  self->remembered += 1;
  return TEMPER_OK;
}

static temper_status evaluate(temper_instance *self, const temper_tokens *run, size_t first,
                              temper_additions *additions, temper_error *error) {
  if (first == 13) return fail(error, "evaluate");
  for (size_t t = 0; t < run->token_count; t++) {
    additions->phi[t] += run->entropies[t];
    additions->dlogprob[t] = (float)(first + t);
    additions->dentropy[t] = run->coefficients[t];
  }
  const temper_metrics_service *metrics =
      self->host->service(self->host, TEMPER_SERVICE_METRICS);
  metrics->record(self->host, "tokens", (double)run->token_count);
  metrics->record(self->host, "odd name", 1);
  return TEMPER_OK;
}

static temper_status differentiate(temper_instance *self, const temper_row *row, size_t token,
                                   double coefficient, temper_text old_bytes, double *loss,
                                   float *gradient, temper_error *error) {
  (void)self;
  if (token == 13) return fail(error, "differentiate");
  *loss += 100 * (double)token + coefficient + (double)old_bytes.size;
  gradient[row->token] += 1;
  gradient[row->vocabulary - 1] -= 1;
  return TEMPER_OK;
}

static temper_status save(temper_instance *self, temper_sink out, temper_error *error) {
  if (self->remembered == 13) return fail(error, "save");
  out.write(out.context, (const char *)&self->remembered, sizeof self->remembered);
  for (int i = 0; i < 100000; i++) out.write(out.context, "x", 1); /* all of it is kept */
  return TEMPER_OK;
}

static temper_status load(temper_instance *self, temper_text state, temper_error *error) {
  if (state.size != sizeof self->remembered + 100000) return fail(error, "load");
  memcpy(&self->remembered, state.data, sizeof self->remembered);
  return TEMPER_OK;
}

static void append(void *context, const char *data, size_t size) {
  strncat(context, data, size);
}

static void use_tokenizer(const temper_host *host) {
  const temper_tokenizer_service *tokenizer = host->service(host, TEMPER_SERVICE_TOKENIZER);
  const temper_log_service *log = host->service(host, TEMPER_SERVICE_LOG);
  if (tokenizer == NULL) return;
  int32_t ids[4] = {0};
  char line[64];
  size_t count = tokenizer->encode(host, (temper_text){"abcdef", 6}, ids, 4);
  snprintf(line, sizeof line, "%d %zu %d %d", tokenizer->vocabulary_size(host), count, ids[0],
           ids[3]);
  log->write(host, TEMPER_LOG_INFO, (temper_text){line, strlen(line)});
  line[0] = 0;
  tokenizer->decode(host, ids, 2, (temper_sink){line, append});
  log->write(host, TEMPER_LOG_INFO, (temper_text){line, strlen(line)});
}

static temper_status create(const temper_plugin *plugin, const temper_host *host,
                            temper_text config, temper_instance **instance,
                            temper_error *error) {
  (void)plugin, (void)config, (void)error;
  use_tokenizer(host);
  *instance = malloc(sizeof **instance);
  **instance = (temper_instance){host, 0};
  return TEMPER_OK;
}

static void destroy(temper_instance *instance) { free(instance); }

static const temper_entropy entropy = {
#ifdef SHORT_TABLE /* as a library built when `evaluate` did not exist */
    .size = offsetof(temper_entropy, evaluate),
#else
    .size = sizeof entropy,
#endif
#ifndef NO_DESCRIBE
    .describe = describe,
#endif
#ifndef NO_OBSERVE
    .observe = observe,
#endif
    .prepare = prepare,
    .evaluate = evaluate,
#ifndef NO_DIFFERENTIATE
    .differentiate = differentiate,
#endif
};
static const temper_state state = {
    .size = sizeof state,
    .save = save,
#ifndef NO_LOAD
    .load = load,
#endif
};

static const void *table(const temper_plugin *plugin, const char *id) {
  (void)plugin, (void)describe, (void)observe, (void)differentiate, (void)load;
#ifndef NO_STATE
  if (strcmp(id, TEMPER_STATE) == 0) return &state;
#endif
  (void)state;
#ifdef NO_TABLE
  return NULL;
#endif
  return strcmp(id, TEMPER_ENTROPY) == 0 ? &entropy : NULL;
}

static const temper_descriptor descriptor = {
    .size = sizeof descriptor,
    .id = "org.example.entropy-probe",
    .version = "1.0.0",
    .kind = TEMPER_ENTROPY,
    .summary = "Shows what it sees.",
    .defaults = "{\"level\": 1}"};
static const temper_plugin plugin = {.size = sizeof plugin, .descriptor = &descriptor,
                                     .create = create, .destroy = destroy, .table = table};
TEMPER_EXPORT_PLUGIN(plugin);
