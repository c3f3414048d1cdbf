/* A bot in C: answers every text that somebody writes to its account with
 * "c: " and the same text.
 *
 * All that it needs is ramson_plugin.h. It says that it speaks JSON; so every
 * payload is a text like this one (docs/plugin-schema.json has all of them):
 *
 *   {"event": "message", "account": "05...",
 *    "message": {"id": "m1-42", "conversation": "05...", "author": "05...",
 *                "outgoing": false, "text": "hello \"you\"", ...}}
 *
 * From the top: reading JSON, answering a message, the functions that the host
 * calls, the descriptor.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ramson_plugin.h"

/* ---- Reading JSON -------------------------------------------------------
 *
 * A payload is not a C string: it has a length and no zero at its end. So a
 * piece of text here is two pointers, from `at` up to but not including `end`,
 * and nothing is read before `at < end` was asked.
 */
typedef struct text {
  const uint8_t *at, *end;
} text;

/* Deeper than this nothing of Ramson is nested; an end to the recursion. */
#define MAX_DEPTH 64

static text text_of(const char *string) {
  const uint8_t *at = (const uint8_t *)string;
  text it = {at, at + strlen(string)};
  return it;
}

static size_t length(text it) { return (size_t)(it.end - it.at); }

static bool same(text a, text b) {
  return length(a) == length(b) && memcmp(a.at, b.at, length(a)) == 0;
}

static void skip_space(text *json) {
  while (json->at < json->end &&
         (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
    json->at++;
}

/* Goes past one character, if it is the next one. */
static bool take(text *json, char wanted) {
  skip_space(json);
  if (json->at == json->end || *json->at != (uint8_t)wanted) return false;
  json->at++;
  return true;
}

/* Goes past a string. `inside` is what stands between the quotes, as it is
 * written there: with all its escapes. */
static bool take_string(text *json, text *inside) {
  if (!take(json, '"')) return false;
  inside->at = json->at;
  while (json->at < json->end) {
    uint8_t c = *json->at;
    if (c == '"') {
      inside->end = json->at++;
      return true;
    }
    json->at++;
    if (c == '\\') { /* What follows is part of the escape, also a quote. */
      if (json->at == json->end) return false;
      json->at++;
    }
  }
  return false;
}

/* Goes past a value of any kind. */
static bool take_value(text *json, text *value, int depth) {
  text unused;
  if (depth == 0) return false;
  skip_space(json);
  if (json->at == json->end) return false;
  value->at = json->at;
  if (*json->at == '"') {
    if (!take_string(json, &unused)) return false;
  } else if (*json->at == '{' || *json->at == '[') {
    bool object = *json->at == '{';
    char close = object ? '}' : ']';
    json->at++;
    if (!take(json, close)) {
      do {
        if (object && !(take_string(json, &unused) && take(json, ':'))) return false;
        if (!take_value(json, &unused, depth - 1)) return false;
      } while (take(json, ','));
      if (!take(json, close)) return false;
    }
  } else { /* A number, true, false or null. */
    while (json->at < json->end && !strchr(" \t\n\r,:]}[{\"", *json->at)) json->at++;
    if (json->at == value->at) return false;
  }
  value->end = json->at;
  return true;
}

/* Finds a value of an object by its name. `null` is as good as nothing. */
static bool find(text object, const char *name, text *value) {
  text key;
  if (!take(&object, '{')) return false;
  do {
    if (!take_string(&object, &key) || !take(&object, ':')) return false;
    if (!take_value(&object, value, MAX_DEPTH)) return false;
    if (same(key, text_of(name))) return !same(*value, text_of("null"));
  } while (take(&object, ','));
  return false;
}

static bool find_string(text object, const char *name, text *inside) {
  text value;
  return find(object, name, &value) && take_string(&value, inside);
}

static bool is_true(text object, const char *name) {
  text value;
  return find(object, name, &value) && same(value, text_of("true"));
}

/* The id of an account: 05 and 64 hex digits. Conversations with more than one
 * other person have other names, and are not for this bot. */
static bool is_account(text id) {
  const uint8_t *at;
  if (length(id) != 66 || id.at[0] != '0' || id.at[1] != '5') return false;
  for (at = id.at; at < id.end; at++)
    if (!((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'))) return false;
  return true;
}

/* ---- Answering ---------------------------------------------------------- */

typedef struct bot {
  const rp_host *host; /* Valid until destroy returns. */
  uint64_t requests;   /* How many there were; each needs its own number. */
} bot;

static void say(const bot *self, int32_t level, const char *line) {
  rp_slice utf8 = {(const uint8_t *)line, strlen(line)};
  self->host->log(self->host->ctx, level, utf8);
}

static void append(uint8_t **to, text piece) {
  memcpy(*to, piece.at, length(piece));
  *to += length(piece);
}

static rp_status answer(bot *self, text account, text to, text words) {
  /* The words go out as they came in: inside quotes, with their escapes. So
   * they need no decoding, and stay what they are. */
  text pieces[7];
  size_t size = 0, i;
  uint8_t *request, *end;
  rp_slice payload;
  rp_status status;

  pieces[0] = text_of("{\"command\":\"send\",\"account\":\"");
  pieces[1] = account;
  pieces[2] = text_of("\",\"to\":\"");
  pieces[3] = to;
  pieces[4] = text_of("\",\"text\":\"c: ");
  pieces[5] = words;
  pieces[6] = text_of("\"}");
  for (i = 0; i < 7; i++) size += length(pieces[i]);
  request = malloc(size);
  if (!request) return RP_FAILED;
  end = request;
  for (i = 0; i < 7; i++) append(&end, pieces[i]);

  payload.ptr = request;
  payload.len = size;
  status = self->host->submit(self->host->ctx, RP_REQUEST_COMMAND, ++self->requests, payload);
  free(request); /* The host made a copy. */
  if (status == RP_OK) return RP_OK;
  say(self, RP_WARN, status == RP_DENIED ? "I may not send; the user decides in plugins.toml"
                                         : "the host did not take my answer");
  return RP_FAILED;
}

static rp_status on_message(bot *self, text event) {
  text whole = event, value, account, message, author, conversation, words;

  if (!take_value(&whole, &value, MAX_DEPTH)) return RP_FAILED;
  skip_space(&whole);
  if (whole.at != whole.end) return RP_FAILED;

  if (!find_string(event, "account", &account) || !find(event, "message", &message) ||
      !find_string(message, "author", &author) ||
      !find_string(message, "conversation", &conversation))
    return RP_FAILED;

  /* Not what this account wrote itself, here or on another device; not what
   * nobody wrote; not what was taken back. */
  if (is_true(message, "outgoing") || same(author, account)) return RP_OK;
  if (find(message, "notice", &value) || is_true(message, "deleted")) return RP_OK;
  if (!find_string(message, "text", &words) || length(words) == 0) return RP_OK;
  if (!is_account(account) || !is_account(conversation)) return RP_OK;
  return answer(self, account, conversation, words);
}

/* ---- What the host calls ------------------------------------------------ */

static rp_status create(const rp_host *host, rp_slice config, void **self) {
  bot *it = calloc(1, sizeof *it);
  (void)config; /* There is nothing to decide. */
  if (!it) return RP_FAILED;
  it->host = host;
  *self = it;
  return RP_OK;
}

static rp_status on_events(void *self, const rp_event *events, size_t count) {
  rp_status status = RP_OK;
  size_t i;
  for (i = 0; i < count; i++) {
    const rp_event *event = &events[i];
    text payload = text_of("");
    /* The kind stands outside of the payload: what is of no interest, and
     * what a later version may add, is not even looked at. */
    if (event->kind != RP_EVENT_MESSAGE) continue;
    if (event->payload.len != 0) {
      payload.at = event->payload.ptr;
      payload.end = payload.at + event->payload.len;
    }
    if (on_message(self, payload) != RP_OK) {
      say(self, RP_ERROR, "a message could not be answered");
      status = RP_FAILED;
    }
  }
  return status;
}

static void destroy(void *self) { free(self); }

/* ---- The descriptor: constant data, read before anything of this runs. --- */

const rp_plugin ramson_plugin_v1 = {
    RP_MAGIC,
    sizeof(rp_plugin),
    RP_ABI_MAJOR,
    RP_ABI_MINOR,
    RP_FLAG_UNLOAD, /* No thread, no callback, nothing left after destroy. */
    "org.ramson.bot-c",
    "Echo in C",
    "1.0",
    RP_JSON,
    0, /* JSON has no schema number. */
    RP_TOPIC_MESSAGES,
    RP_GRANT_READ | RP_GRANT_SEND,
    create,
    on_events,
    NULL, /* run_ui and request_stop: there is no user interface. */
    NULL,
    destroy,
    NULL, /* No extension. */
};
