/* A plugin for the host's tests. Macros choose what it does; what it did can be
 * read in the file that its configuration names. */
#include "ramson_plugin.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ID
#define ID "org.example.trial"
#endif
#ifndef NAME
#define NAME "Trial"
#endif
#ifndef VERSION
#define VERSION "1.0"
#endif
#ifndef ABI
#define ABI RP_ABI_MAJOR, RP_ABI_MINOR
#endif
#ifndef MAGIC
#define MAGIC RP_MAGIC
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
#ifndef ENCODING
#define ENCODING RP_JSON, 0
#endif
#ifndef TOPICS
#define TOPICS 0
#endif
#ifndef GRANTS
#define GRANTS 0
#endif
#ifndef CREATE
#define CREATE create
#endif
#ifndef ON_EVENTS
#define ON_EVENTS on_events
#endif
#ifndef DESTROY
#define DESTROY destroy
#endif
#ifndef RUN_UI
#define RUN_UI NULL
#define REQUEST_STOP NULL
#endif

typedef struct trial {
  const rp_host *host;
  char diary[512];
  volatile int stop;
  int events;
} trial;

static void note(trial *it, const char *what) {
  FILE *diary = fopen(it->diary, "a");
  if (diary) {
    fprintf(diary, "%s\n", what);
    fclose(diary);
  }
}

/* What happens while it is mapped. */
#ifdef BEGIN
__attribute__((constructor)) static void begin(void) { BEGIN; }
#endif

/* The end of its process. */
#ifdef STAY
static void stay(void) {
  for (;;) sleep(1);
}
#endif

/* What it finds around it. */
#ifdef LOOK
static void look(trial *it) {
  char line[128];
  struct rlimit core;
  getrlimit(RLIMIT_CORE, &core);
  int fd, open = 0, sockets = 0;
  for (fd = 3; fd < 256; fd++) {
    struct stat about;
    if (fstat(fd, &about) != 0) continue;
    open++;
    if (S_ISSOCK(about.st_mode)) sockets++;
  }
  snprintf(line, sizeof line, "open %d sockets %d stdin %zd", open, sockets, read(0, line, 1));
  note(it, line);
  snprintf(line, sizeof line, "core %d dumpable %d more %d", (int)core.rlim_max,
           prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
  note(it, line);
  snprintf(line, sizeof line, "PATH %d CARGO %d", getenv("PATH") != NULL,
           getenv("CARGO_MANIFEST_DIR") != NULL);
  note(it, line);
}
#endif

static rp_status create(const rp_host *host, rp_slice config, void **self) {
  trial *it = calloc(1, sizeof *it);
  const char *key = "\"diary\":\"";
  char text[1024] = {0};
  memcpy(text, config.ptr, config.len < 1023 ? config.len : 1023);
  char *from = strstr(text, key);
  if (from) {
    from += strlen(key);
    char *to = strchr(from, '"');
    if (to) memcpy(it->diary, from, (size_t)(to - from));
  }
  it->host = host;
  *self = it;
  note(it, "create");
#ifdef STAY
  atexit(stay);
#endif
#ifdef LOOK
  look(it);
#endif
#ifdef FAIL_CREATE
  return RP_FAILED;
#endif
#ifdef SLOW_CREATE
  usleep(SLOW_CREATE);
#endif
#ifdef HANG_CREATE
  for (;;) sleep(1);
#endif
  return RP_OK;
}

static rp_status on_events(void *self, const rp_event *events, size_t count) {
  trial *it = self;
  char line[128];
  for (size_t i = 0; i < count; i++) {
    it->events++;
    snprintf(line, sizeof line, "event %u seq %llu", events[i].kind,
             (unsigned long long)events[i].seq);
    note(it, line);
#ifdef SLOW
    usleep(SLOW);
#endif
  }
#ifdef CRASH
  CRASH;
#endif
#ifdef PANIC
  return RP_PANICKED;
#endif
#ifdef HANG
  for (;;) sleep(1);
#endif
#ifdef ASK
  const char *query = "{\"query\":\"plugins\"}";
  rp_slice payload = {(const uint8_t *)query, strlen(query)};
  if (events[0].kind == RP_EVENT_SNAPSHOT) {
    int status = it->host->submit(it->host->ctx, RP_REQUEST_QUERY, 7, payload);
    int none = it->host->submit(it->host->ctx, RP_REQUEST_QUERY, 0, payload);
    int unknown = it->host->submit(it->host->ctx, 99, 8, payload);
    rp_slice large = {(const uint8_t *)query, RP_MAX_REQUEST + 1};
    int big = it->host->submit(it->host->ctx, RP_REQUEST_QUERY, 9, large);
    snprintf(line, sizeof line, "asked %d %d %d %d", status, none, unknown, big);
    note(it, line);
    const char *said = "said\033[31m";
    rp_slice text = {(const uint8_t *)said, strlen(said)};
    it->host->log(it->host->ctx, RP_INFO, text);
  }
#endif
  return RP_OK;
}

#ifdef LEAVE_THREAD
static void *late(void *self) {
  trial *it = self;
  char path[600];
  snprintf(path, sizeof path, "%s.go", it->diary);
  while (access(path, F_OK) != 0) usleep(2000);
  const char *query = "{\"query\":\"plugins\"}";
  rp_slice payload = {(const uint8_t *)query, strlen(query)};
  char line[64];
  snprintf(line, sizeof line, "late %d",
           it->host->submit(it->host->ctx, RP_REQUEST_QUERY, 1, payload));
  note(it, line);
  return NULL;
}
#endif

static void destroy(void *self) {
  trial *it = self;
  note(it, "destroy");
#ifdef HANG_DESTROY
  for (;;) sleep(1);
#endif
#ifdef LEAVE_THREAD
  pthread_t thread;
  pthread_create(&thread, NULL, late, it);
#else
  free(it);
#endif
}

static rp_status run_ui(void *self) {
  trial *it = self;
  note(it, "run_ui");
#ifdef UI_FAILS
  return RP_FAILED;
#endif
#ifdef UI_CLOSES
  return RP_OK;
#endif
#ifdef UI_ONCE
  static int runs;
  if (runs++) return RP_FAILED;
#endif
  char path[600];
  snprintf(path, sizeof path, "%s.crash", it->diary);
  while (!it->stop) {
    if (access(path, F_OK) == 0) {
      unlink(path);
      return RP_PANICKED;
    }
    usleep(1000);
  }
#ifdef UI_LATE
  static int late;
  if (!late++) usleep(UI_LATE);
#endif
#ifdef UI_STUCK
  for (;;) sleep(1);
#endif
  it->stop = 0;
  note(it, "returned");
  return RP_OK;
}

static void request_stop(void *self) {
  trial *it = self;
  note(it, "request_stop");
  it->stop = 1;
}

/* Used or not, as the macros say. */
void *const trial_all[] = {(void *)create, (void *)on_events, (void *)destroy,
                           (void *)run_ui, (void *)request_stop};

const rp_plugin ramson_plugin_v1 = {
    MAGIC, sizeof(rp_plugin), ABI,       FLAGS,   ID,     NAME,
    VERSION, ENCODING,        TOPICS,    GRANTS,  CREATE, ON_EVENTS,
    RUN_UI,  REQUEST_STOP,    DESTROY,   NULL,
};
