/* Feeds the bot odd payloads. Each lies in a block of exactly its size, so that
 * the address sanitizer sees a read beyond it. `make test` runs this. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ramson_plugin.h"

#define ID "05aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOT "05bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define MESSAGE(more)                                                             \
  "{\"event\":\"message\",\"account\":\"" BOT "\",\"message\":{\"id\":\"m1-2\","    \
  "\"conversation\":\"" ID "\",\"author\":\"" ID "\",\"outgoing\":false," more "}}"

static char sent[4096];
static unsigned answers, lines, failures;

static rp_status submit(void *ctx, uint32_t kind, uint64_t id, rp_slice payload) {
  size_t size = payload.len < sizeof sent ? payload.len : sizeof sent - 1;
  (void)ctx;
  if (kind != RP_REQUEST_COMMAND || id == 0) failures++;
  memcpy(sent, payload.ptr, size);
  sent[size] = 0;
  answers++;
  return RP_OK;
}

static void log_line(void *ctx, int32_t level, rp_slice utf8) {
  (void)ctx, (void)level, (void)utf8;
  lines++;
}

static const void *extension(void *ctx, const char *id) {
  (void)ctx, (void)id;
  return NULL;
}

static const rp_host host = {sizeof(rp_host), RP_ABI_MAJOR, RP_ABI_MINOR, ~(uint64_t)0,
                             NULL,            submit,       log_line,     extension,    NULL};

static void *bot;

/* Tells the bot of a message; true if it answered. */
static int tell(const void *json, size_t size, rp_status wanted) {
  uint8_t *exact = malloc(size ? size : 1);
  rp_event event = {1, 0, RP_EVENT_MESSAGE, 0, {NULL, 0}};
  unsigned before = answers;
  rp_status status;
  if (!exact) abort();
  memcpy(exact, json, size);
  if (size) event.payload.ptr = exact;
  event.payload.len = size;
  status = ramson_plugin_v1.on_events(bot, &event, 1);
  free(exact);
  if (wanted != RP_AGAIN && status != wanted) {
    printf("status %d: %.*s\n", (int)status, (int)size, (const char *)json);
    failures++;
  }
  return answers != before;
}

static void answered(const char *json, const char *text) {
  char wanted[4096];
  snprintf(wanted, sizeof wanted,
           "{\"command\":\"send\",\"account\":\"" BOT "\",\"to\":\"" ID "\",\"text\":\"c: %s\"}", text);
  if (tell(json, strlen(json), RP_OK) && strcmp(sent, wanted) == 0) return;
  printf("no right answer to %s: %s\n", json, sent);
  failures++;
}

static void silent(const char *json, rp_status wanted) {
  if (!tell(json, strlen(json), wanted)) return;
  printf("an answer to %s\n", json);
  failures++;
}

/* The same numbers every time. */
static uint32_t next(void) {
  static uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

int main(void) {
  static const char *const whole = MESSAGE(
      "\"sent\":1.5e+3,\"reactions\":[{\"author\":\"" ID "\",\"emoji\":\"x\"},[]],\"notice\":null,"
      "\"text\":\"q \\\" b \\\\ u \\u2602\"");
  static const uint8_t odd[] = "\"\\{}[]:,0tn u\xff\x80";
  char deep[20000], copy[1024];
  rp_slice config = {NULL, 0};
  size_t size = strlen(whole), i;

  if (ramson_plugin_v1.create(&host, config, &bot) != RP_OK) return 1;

  answered(whole, "q \\\" b \\\\ u \\u2602");
  answered(MESSAGE("\"text\":\"hello\""), "hello");
  answered(MESSAGE("\"x\":{\"text\":\"inner\"},\"text\":\"hello\",\"deleted\":false"), "hello");
  answered(MESSAGE("\"x\":\"\\\\\",\"text\":\"\\\\\""), "\\\\");
  answered(MESSAGE(" \"x\" : [ ] , \"y\" : { } , \"text\"\n:\t\"hello\" "), "hello");

  silent(MESSAGE("\"text\":\"\""), RP_OK);
  silent(MESSAGE("\"text\":null"), RP_OK);
  silent(MESSAGE("\"text\":5"), RP_OK);
  silent(MESSAGE("\"sent\":1"), RP_OK);
  silent(MESSAGE("\"notice\":{\"of\":\"screenshot\"},\"text\":\"hello\""), RP_OK);
  silent(MESSAGE("\"deleted\":true,\"text\":\"hello\""), RP_OK);
  silent("{\"account\":\"" BOT "\",\"message\":{\"conversation\":\"" ID "\",\"author\":\"" BOT
         "\",\"text\":\"mine\"}}", RP_OK);
  silent("{\"account\":\"" BOT "\",\"message\":{\"conversation\":\"" ID "\",\"author\":\"" ID
         "\",\"outgoing\":true,\"text\":\"mine\"}}", RP_OK);
  silent("{\"account\":\"" BOT "\",\"message\":{\"conversation\":\"https://a/b\",\"author\":\"" ID
         "\",\"text\":\"room\"}}", RP_OK);
  silent("{\"account\":\"05\\\"\",\"message\":{\"conversation\":\"" ID "\",\"author\":\"" ID
         "\",\"text\":\"odd\"}}", RP_OK);
  silent("", RP_FAILED);
  silent("{", RP_FAILED);
  silent("{}", RP_FAILED);
  silent("[]", RP_FAILED);
  silent("\"", RP_FAILED);
  silent("\"\\", RP_FAILED);
  silent("null", RP_FAILED);
  silent("{\"account\"}", RP_FAILED);
  silent("{\"account\":}", RP_FAILED);
  silent("{\"account\":\"a\",\"message\":7}", RP_FAILED);
  silent(MESSAGE("\"text\":\"hello\"") "x", RP_FAILED);

  /* Half of a payload is none. */
  for (i = 0; i < size; i++)
    if (tell(whole, i, RP_FAILED)) failures++;

  /* Much too deep. */
  memset(deep, '[', sizeof deep);
  tell(deep, sizeof deep, RP_FAILED);
  for (i = 0; i + 5 <= sizeof deep; i += 5) memcpy(deep + i, "{\"a\":", 5);
  tell(deep, sizeof deep, RP_FAILED);

  /* One to eight bytes of a payload are others. */
  for (i = 0; i < 200000; i++) {
    uint32_t harms = 1 + next() % 8;
    memcpy(copy, whole, size);
    while (harms--) copy[next() % size] = (char)(next() % 4 ? odd[next() % (sizeof odd - 1)] : next());
    tell(copy, next() % 8 ? size : next() % size, RP_AGAIN /* any */);
  }

  ramson_plugin_v1.destroy(bot);
  printf("%u answers, %u lines, %u failures\n", answers, lines, failures);
  return failures != 0 || lines == 0;
}
