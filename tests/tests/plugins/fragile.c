/* The bot of plugins/bot-c with bad habits. What a text says makes it behave
 * badly before it answers:
 *
 *   crash    writes where there is no memory
 *   abort    complains and aborts
 *   exit     ends its process
 *   garbage  writes into every socket that it finds open
 *   leave    starts a process that stays, and crashes
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ramson_plugin_v1 well_behaved
#include "bot.c"
#undef ramson_plugin_v1

static bool says(const rp_event *event, const char *words) {
  char wanted[32];
  int size = snprintf(wanted, sizeof wanted, "\"text\":\"%s\"", words);
  size_t at, long_ = (size_t)size;
  for (at = 0; at + long_ <= event->payload.len; at++)
    if (memcmp(event->payload.ptr + at, wanted, long_) == 0) return true;
  return false;
}

static void crash(void) {
  volatile int *nowhere = (volatile int *)8;
  *nowhere = 1;
}

static void speak_garbage(void) {
  struct stat about;
  int fd;
  for (fd = 3; fd < 256; fd++)
    if (fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode) && write(fd, "\377\377\377\377", 4) < 0)
      return;
}

static rp_status behave_badly(void *self, const rp_event *events, size_t count) {
  size_t i;
  for (i = 0; i < count; i++) {
    if (events[i].kind != RP_EVENT_MESSAGE) continue;
    if (says(&events[i], "crash")) crash();
    if (says(&events[i], "abort")) {
      fputs("there is no way on\n", stderr);
      abort();
    }
    if (says(&events[i], "exit")) _exit(7);
    if (says(&events[i], "garbage")) speak_garbage();
    if (says(&events[i], "leave")) {
      if (fork() == 0)
        for (;;) pause();
      crash();
    }
  }
  return on_events(self, events, count);
}

const rp_plugin ramson_plugin_v1 = {
    RP_MAGIC,
    sizeof(rp_plugin),
    RP_ABI_MAJOR,
    RP_ABI_MINOR,
    0,
    "org.ramson.fragile",
    "Fragile",
    "1.0",
    RP_JSON,
    0,
    RP_TOPIC_MESSAGES,
    RP_GRANT_READ | RP_GRANT_SEND,
    create,
    behave_badly,
    NULL,
    NULL,
    destroy,
    NULL,
};
