/* temper_plugin.h -- the whole contract between temper and a plugin.
 *
 * One header, no dependencies, C11. A plugin is a shared library that exports
 * one function, temper_plugin_entry(). Everything else is reached through
 * tables of function pointers, asked for by a string: "temper.verifier/1".
 * docs/plugins.md explains it with examples.
 *
 * Rules that hold for every function below:
 *
 *   Text       UTF-8. A temper_text is a borrowed view, not NUL-terminated.
 *              A `const char *` is NUL-terminated.
 *   Memory     Neither side frees what the other made. Arguments are borrowed
 *              until the call returns. Outputs go into memory that the caller
 *              sized, or through a sink. What a table, a descriptor or a
 *              library points to lives as long as the process: a library is
 *              opened once and never closed.
 *   Errors     A function that can fail returns a temper_status and, on
 *              failure, writes a sentence into the caller's temper_error; its
 *              outputs are then ignored. No exception and no longjmp crosses
 *              this boundary.
 *   Threads    Each function carries a tag:
 *                [any]   may be called on any thread, by many at once.
 *   Evolution  Every struct says its size first (the sizeof of whoever filled
 *              it) and grows only at its end; a reader uses a member only
 *              where TEMPER_HAS says so. Arrays hold pointers to structs that
 *              can grow. A change of meaning is a new string
 *              ("temper.verifier/2") beside the old one. The smallest structs
 *              (temper_text, temper_sink, temper_error) never change.
 */
#ifndef TEMPER_PLUGIN_H
#define TEMPER_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. A change of the major number breaks plugins; the
 * minor number counts additions. */
#define TEMPER_ABI_MAJOR 1u
#define TEMPER_ABI_MINOR 0u

/* True if the struct that POINTER points to is long enough to hold MEMBER. */
#define TEMPER_HAS(POINTER, MEMBER)                            \
  ((POINTER)->size >= (size_t)((const char *)&(POINTER)->MEMBER - \
                               (const char *)(POINTER)) +      \
                          sizeof((POINTER)->MEMBER))

/* ---- Basic types --------------------------------------------------------- */

typedef struct temper_text {
  const char *data; /* may be NULL where size is 0 */
  size_t size;      /* bytes */
} temper_text;

typedef enum temper_status {
  TEMPER_OK = 0,
  TEMPER_INVALID_CONFIG = 1, /* what the user wrote cannot be used */
  TEMPER_INVALID_INPUT = 2,  /* this call's data cannot be used */
  TEMPER_UNAVAILABLE = 3,    /* something outside (a file, a process) is missing */
  TEMPER_INTERNAL = 4,       /* a bug in the plugin */
} temper_status;

/* Filled on failure. `message` says what failed and what to do about it. */
typedef struct temper_error {
  char message[512]; /* NUL-terminated, cut to fit */
} temper_error;

/* Where a callee writes text of a length that the caller cannot know. Several
 * writes append. For the length of the call that it was passed to, and on that
 * call's thread. The host keeps the first 64 KiB of each sink's text. */
typedef struct temper_sink {
  void *context; /* pass it back */
  void (*write)(void *context, const char *data, size_t size);
} temper_sink;

/* ---- What the host offers ------------------------------------------------ */

/* One for each instance, alive from before create() until after destroy(). */
typedef struct temper_host {
  uint32_t size;
  uint32_t abi_major, abi_minor; /* what the host was compiled against */
  void *context;                 /* the host's own */

  /* The table of the service `id`, or NULL where this host has none. [any] */
  const void *(*service)(const struct temper_host *host, const char *id);
} temper_host;

#define TEMPER_SERVICE_LOG "temper.log/1"

typedef enum temper_log_level {
  TEMPER_LOG_DEBUG = 0,
  TEMPER_LOG_INFO = 1,
  TEMPER_LOG_WARNING = 2,
  TEMPER_LOG_ERROR = 3,
} temper_log_level;

typedef struct temper_log_service {
  uint32_t size;
  /* Writes one line, which the host marks with the plugin's name. [any] */
  void (*write)(const temper_host *host, temper_log_level level, temper_text line);
} temper_log_service;

#define TEMPER_SERVICE_METRICS "temper.metrics/1"

typedef struct temper_metrics_service {
  uint32_t size;
  /* Reports a scalar, recorded as "<plugin's name>/<name>". Values of one name
   * between two records of the host (a step, an evaluation) are averaged, so
   * a share is reported as ones and zeros. [any] */
  void (*record)(const temper_host *host, const char *name, double value);
} temper_metrics_service;

#define TEMPER_SERVICE_RANDOM "temper.random/1"

typedef struct temper_random_service {
  uint32_t size;
  /* 64 random bits, a pure function of (run's seed, plugin's id, stream,
   * counter): the same on every machine and after every resume. [any] */
  uint64_t (*bits)(const temper_host *host, uint64_t stream, uint64_t counter);
} temper_random_service;

/* ---- What a plugin is ---------------------------------------------------- */

typedef struct temper_descriptor {
  uint32_t size;
  const char *id;       /* reverse-DNS, unique: "org.example.polite"; users say "polite" */
  const char *version;  /* the plugin's own, for example "1.0.0" */
  const char *kind;     /* the table that it serves: TEMPER_VERIFIER */
  const char *summary;  /* one line */
  const char *defaults; /* JSON object: every configuration key with its default, or null
                           for a key that may stay unset. The host refuses other keys. */
} temper_descriptor;

typedef struct temper_instance temper_instance; /* the plugin's own */

typedef struct temper_plugin {
  uint32_t size;
  const temper_descriptor *descriptor;
  void *context; /* the plugin's own */

  /* Makes an instance. `config` is one JSON object with every key of the
   * defaults. Writes `*instance` on success. [any] */
  temper_status (*create)(const struct temper_plugin *plugin, const temper_host *host,
                          temper_text config, temper_instance **instance,
                          temper_error *error);

  /* Ends an instance, once, when no other call on it is under way. [any] */
  void (*destroy)(temper_instance *instance);

  /* The function table `id` of this plugin, or NULL. [any] */
  const void *(*table)(const struct temper_plugin *plugin, const char *id);
} temper_plugin;

typedef struct temper_library {
  uint32_t size;
  uint32_t abi_major, abi_minor; /* what the library was compiled against */
  uint32_t plugin_count;
  const temper_plugin *const *plugins; /* [plugin_count] */
} temper_library;

#if defined(_WIN32)
#define TEMPER_EXPORT __declspec(dllexport)
#else
#define TEMPER_EXPORT __attribute__((visibility("default")))
#endif

/* The one exported symbol:
 *
 *   TEMPER_EXPORT const temper_library *temper_plugin_entry(uint32_t abi_major,
 *                                                           uint32_t abi_minor);
 *
 * The arguments are the host's version. Cheap and without side effects, since
 * listing plugins calls it; it may be called more than once and gives the same
 * answer. NULL refuses the host. [any] */
#define TEMPER_ENTRY_SYMBOL "temper_plugin_entry"
typedef const temper_library *(*temper_entry_function)(uint32_t abi_major, uint32_t abi_minor);

/* ---- Verifiers ----------------------------------------------------------- */

#define TEMPER_VERIFIER "temper.verifier/1"

/* One completion to be judged. */
typedef struct temper_sample {
  uint32_t size;
  temper_text row;        /* JSON object: the task's whole row, with its gold answer */
  temper_text prompt;     /* the rendered prompt */
  temper_text completion; /* the decoded completion, end token or stop string removed */
  const int32_t *tokens;  /* [token_count] the completion's ids, end token included */
  size_t token_count;
} temper_sample;

typedef enum temper_verdict {
  /* Not the completion's fault: a missing tool, a broken row, a gold answer
   * that cannot be read. No reward; the sample leaves its group. */
  TEMPER_FAILED = 0,
  TEMPER_RIGHT = 1,
  /* An answer was read, and it differs. */
  TEMPER_WRONG = 2,
  /* No answer, one that cannot be read, or one that uses up the budget of
   * work. It earns its (low) reward, so that no policy learns to be
   * unjudgeable. */
  TEMPER_UNPARSABLE = 3,
} temper_verdict;

/* Enters as TEMPER_FAILED with reward 0: what a verifier leaves unfilled, failed. */
typedef struct temper_judgement {
  uint32_t size;
  temper_verdict verdict;
  float reward;       /* finite; unused where the verdict is TEMPER_FAILED */
  temper_sink reason; /* why, in one line; may stay empty */
  temper_sink answer; /* the answer read from the completion; may stay empty */
} temper_judgement;

typedef struct temper_verifier {
  uint32_t size;
  /* Judges samples[i] into judgements[i], for each i below `count`. What it
   * gives depends on the sample and the configuration alone, not on the
   * neighbours, the order or the thread. A status other than TEMPER_OK fails
   * all samples of the call, with the error's message as their reason. [any] */
  temper_status (*judge)(temper_instance *self, const temper_sample *const *samples,
                         size_t count, temper_judgement *const *judgements,
                         temper_error *error);
} temper_verifier;

#ifdef __cplusplus
}
#endif
#endif
