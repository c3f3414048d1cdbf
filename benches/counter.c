/* A plugin that counts what it is told and looks at every byte of it, for the
 * table's rows about plugins. Its config has `line`, a socket to which it
 * writes numbers of eight bytes, and `slow`, the milliseconds that each event
 * takes. At its first snapshot and at each event of the network it writes how
 * many messages came since the last time, and the sum of their bytes. */
#include "ramson_plugin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct counter {
  int line, begun;
  useconds_t slow;
  uint64_t counted[2];
} counter;

static rp_status create(const rp_host *host, rp_slice config, void **self) {
  (void)host;
  char text[1024] = {0};
  memcpy(text, config.ptr, config.len < 1023 ? config.len : 1023);
  counter *it = calloc(1, sizeof *it);
  struct sockaddr_un place = {.sun_family = AF_UNIX};
  char *from = strstr(text, "\"line\":\""), *slow = strstr(text, "\"slow\":");
  if (!it || !from) return RP_FAILED;
  from += strlen("\"line\":\"");
  size_t length = strcspn(from, "\"");
  if (length >= sizeof place.sun_path) return RP_FAILED;
  memcpy(place.sun_path, from, length);
  if (slow) it->slow = (useconds_t)atoi(slow + strlen("\"slow\":")) * 1000;
  it->line = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(it->line, (struct sockaddr *)&place, sizeof place) != 0) return RP_FAILED;
  *self = it;
  return RP_OK;
}

static int tell(counter *it) {
  ssize_t written = write(it->line, it->counted, sizeof it->counted);
  it->counted[0] = it->counted[1] = 0;
  return written == sizeof it->counted;
}

static rp_status on_events(void *self, const rp_event *events, size_t count) {
  counter *it = self;
  int fine = 1;
  for (size_t i = 0; i < count; i++) {
    const rp_slice payload = events[i].payload;
    if (it->slow) usleep(it->slow);
    if (events[i].kind == RP_EVENT_MESSAGE) {
      uint64_t sum = 0;
      for (size_t at = 0; at < payload.len; at++) sum += payload.ptr[at];
      it->counted[0]++;
      it->counted[1] += sum;
    } else if (events[i].kind == RP_EVENT_NETWORK) {
      fine &= tell(it);
    } else if (events[i].kind == RP_EVENT_SNAPSHOT && !it->begun) {
      it->begun = 1;
      fine &= tell(it);
    }
  }
  return fine ? RP_OK : RP_FAILED;
}

static void destroy(void *self) {
  counter *it = self;
  close(it->line);
  free(it);
}

const rp_plugin ramson_plugin_v1 = {
    RP_MAGIC,
    sizeof(rp_plugin),
    RP_ABI_MAJOR,
    RP_ABI_MINOR,
    RP_FLAG_UNLOAD,
    "org.ramson.counter-c",
    "Counter in C",
    "1.0",
    RP_JSON,
    0,
    RP_TOPIC_MESSAGES | RP_TOPIC_NETWORK,
    RP_GRANT_READ | RP_GRANT_NETWORK,
    create,
    on_events,
    NULL,
    NULL,
    destroy,
    NULL,
};
