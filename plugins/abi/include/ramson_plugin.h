/* ramson_plugin.h: the whole contract between Ramson and a plugin.
 *
 * C99 and C++17. A plugin is a shared library that exports one constant,
 * `ramson_plugin_v1`. It is read and checked before any code of the plugin
 * runs. docs/plugins.md teaches how to write one; docs/plugin-schema.json has
 * the shape of every payload.
 *
 * Ownership: nothing is allocated on one side and freed on the other. Every
 * pointer is borrowed for the call that carries it; copy what you keep.
 *
 * Threads: each function says in brackets who calls it.
 *   [plugin thread]  the one thread that the host starts for this plugin;
 *                    create, on_events and destroy never run at once
 *   [main thread]    the process's main thread, lent to one UI at a time
 *   [any thread]     whoever likes, also several at once
 * A function that does not return holds up its own plugin and nobody else:
 * after 5 s the plugin is shown as unresponsive, after 60 s it is retired,
 * which means that it is never called again.
 *
 * No exception and no panic may leave a function of a plugin.
 */
#ifndef RAMSON_PLUGIN_H
#define RAMSON_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RP_MAGIC     0x314E4D52u /* "RMN1" */
#define RP_ABI_MAJOR 1           /* another one is refused */
#define RP_ABI_MINOR 1           /* fields are only ever added at the end */

/* Limits. */
#define RP_MAX_EVENT     16777216u /* bytes of an event's payload */
#define RP_MAX_REQUEST   262144u   /* bytes of a request's payload */
#define RP_MAX_IN_FLIGHT 64u       /* requests without a reply; then RP_AGAIN */
#define RP_MAX_BATCH     64u       /* events of one on_events */
#define RP_MAX_NAME      64u       /* bytes of id, name and version each */
#define RP_WINDOW        256u      /* events of a durable plugin that are told
                                      and not done with */

/* Bytes of somebody else. `ptr` may be NULL only where `len` is 0. */
typedef struct rp_slice {
  const uint8_t *ptr;
  size_t len;
} rp_slice;

typedef int32_t rp_status;
enum {
  RP_OK = 0,
  RP_AGAIN = 1,        /* full: try later, nothing was taken */
  RP_FAILED = -1,      /* it did not work; log why */
  RP_PANICKED = -2,    /* a panic was caught; the plugin is not called again */
  RP_DENIED = -3,      /* not granted; nothing was taken */
  RP_BAD_PAYLOAD = -4, /* not what that kind looks like */
  RP_TOO_LARGE = -5,   /* more bytes than the limit above */
  RP_CLOSED = -6       /* the plugin is being stopped; nothing was taken */
};

/* How the payloads of a plugin are written. */
enum {
  RP_JSON = 1,   /* UTF-8; unknown fields and names have to be passed over */
  RP_BINCODE = 2 /* Rust's ramson-wire; `schema` has to be the host's */
};

/* rp_plugin.flags */
enum {
  RP_FLAG_UI = 1u << 0,    /* has run_ui: it takes turns with other UIs */
  RP_FLAG_UNLOAD = 1u << 1, /* after destroy no thread, no callback and no
                               thread-local of ours is left: unmap us */
  RP_FLAG_DURABLE = 1u << 2 /* an event is told again, also after a restart,
                               until RP_REQUEST_DONE says that it is done with;
                               at most RP_WINDOW are not. Not for a UI. */
};

/* rp_plugin.topics: which events are of interest. */
enum {
  RP_TOPIC_MESSAGES = 1u << 0,      /* messages, and what changes of them */
  RP_TOPIC_CONVERSATIONS = 1u << 1, /* conversations, contacts, profiles */
  RP_TOPIC_TYPING = 1u << 2,        /* who types */
  RP_TOPIC_NETWORK = 1u << 3,       /* service nodes and paths */
  RP_TOPIC_PLUGINS = 1u << 4        /* what plugins run, and how they are */
};

/* rp_plugin.grants: what a plugin asks for. The user decides; the host's
 * `granted` has the answer. */
enum {
  RP_GRANT_READ = 1u << 0,     /* messages and conversations as they come */
  RP_GRANT_HISTORY = 1u << 1,  /* messages from before */
  RP_GRANT_SEND = 1u << 2,     /* write, react, show that one types */
  RP_GRANT_MANAGE = 1u << 3,   /* delete, mark as read, pin, mute, timers */
  RP_GRANT_CONTACTS = 1u << 4, /* accept, block, name and remove contacts */
  RP_GRANT_PROFILE = 1u << 5,  /* the account's own name and settings */
  RP_GRANT_NETWORK = 1u << 6,  /* paths, delivery ledger, names */
  RP_GRANT_ACCOUNTS = 1u << 7, /* add and remove accounts */
  RP_GRANT_PLUGINS = 1u << 8   /* load, stop and swap plugins; end Ramson */
};

/* rp_event.kind. Others may be added: pass over those you do not know. */
enum {
  RP_EVENT_SNAPSHOT = 1,     /* all there is; the first event, and after
                                RP_EVENT_LAGGED again: forget what you knew */
  RP_EVENT_MESSAGE = 2,      /* a message came or was written */
  RP_EVENT_MESSAGE_CHANGED = 3,
  RP_EVENT_MESSAGE_REMOVED = 4,
  RP_EVENT_CONVERSATION = 5, /* new, or something of it changed */
  RP_EVENT_CONVERSATION_REMOVED = 6,
  RP_EVENT_PROFILE = 7,
  RP_EVENT_ACCOUNT = 8,
  RP_EVENT_ACCOUNT_REMOVED = 9,
  RP_EVENT_TYPING = 10,
  RP_EVENT_NETWORK = 11,
  RP_EVENT_PLUGINS = 12,
  RP_EVENT_REPLY = 13,       /* to a request; reply_to has its id */
  RP_EVENT_LAGGED = 14       /* events were dropped, since the queue was full */
};

/* Kinds of requests, for rp_host.submit. */
enum {
  RP_REQUEST_COMMAND = 1, /* to an account: send, react, delete ... */
  RP_REQUEST_QUERY = 2,   /* a question */
  RP_REQUEST_CONTROL = 3, /* to the program: plugins, UIs, accounts */
  RP_REQUEST_DONE = 4     /* of a durable plugin: events are done with, and
                             what goes with that is kept in the same commit */
};

/* rp_host.log */
enum { RP_ERROR = 1, RP_WARN = 2, RP_INFO = 3, RP_DEBUG = 4 };

typedef struct rp_event {
  uint64_t seq;      /* number in the home's one sequence, ascending with gaps
                        where something was not for this plugin; of what has no
                        number of its own, that of the newest event before it */
  uint64_t reply_to; /* RP_EVENT_REPLY: the request's id; else 0 */
  uint32_t kind;     /* RP_EVENT_... */
  uint32_t flags;    /* 0 */
  rp_slice payload;  /* as the plugin's encoding says */
} rp_event;

/* The host's side. Valid until destroy returns. */
typedef struct rp_host {
  uint32_t size; /* of this struct, for hosts with more fields */
  uint16_t abi_major, abi_minor;
  uint64_t granted; /* RP_GRANT_... */
  void *ctx;        /* first argument of the functions */

  /* [any thread] Never blocks. Asks for something; the reply is an event.
   * `request_id` is the plugin's own choice and not 0; two requests that wait
   * for their replies must not share one. The payload is copied.
   * RP_AGAIN, RP_DENIED, RP_BAD_PAYLOAD, RP_TOO_LARGE, RP_CLOSED: no reply
   * will come. What is refused for its content has a reply that says why. */
  rp_status (*submit)(void *ctx, uint32_t kind, uint64_t request_id, rp_slice payload);

  /* [any thread] Never blocks. A line for the program's log, at most 4 KiB. */
  void (*log)(void *ctx, int32_t level, rp_slice utf8);

  /* [any thread] What later versions add, by name. NULL if unknown. */
  const void *(*extension)(void *ctx, const char *id);

  /* [any thread] Since ABI 1.1: look at `size` first. Milliseconds since 1970
   * in UTC by the host's clock, which goes by the network's. */
  uint64_t (*now)(void *ctx);
} rp_host;

/* The plugin's side: constant data. */
typedef struct rp_plugin {
  uint32_t magic; /* RP_MAGIC */
  uint32_t size;  /* sizeof(rp_plugin) */
  uint16_t abi_major, abi_minor; /* RP_ABI_MAJOR, RP_ABI_MINOR */
  uint32_t flags;      /* RP_FLAG_... */
  const char *id;      /* reverse domain, unique: a-z, 0-9, '.', '-' */
  const char *name;    /* for people */
  const char *version; /* for people */
  uint32_t encoding;   /* RP_JSON or RP_BINCODE */
  uint32_t schema;     /* RP_BINCODE: the number of the wire's schema; else 0 */
  uint64_t topics;     /* RP_TOPIC_... */
  uint64_t grants;     /* RP_GRANT_... asked for */

  /* [plugin thread] First call. `config` is what the user wrote for this
   * plugin, as JSON. On RP_OK `*self` goes to all other functions; otherwise
   * destroy is not called. */
  rp_status (*create)(const rp_host *host, rp_slice config, void **self);

  /* [plugin thread] 1 to RP_MAX_BATCH events, in order. RP_FAILED is logged
   * and the plugin goes on; after RP_PANICKED it is not called again. */
  rp_status (*on_events)(void *self, const rp_event *events, size_t count);

  /* [main thread] Shows the UI and returns when it ends. Runs beside
   * on_events. NULL without RP_FLAG_UI. */
  rp_status (*run_ui)(void *self);

  /* [any thread] Between create and destroy only. Asks run_ui to return soon.
   * NULL without RP_FLAG_UI. */
  void (*request_stop)(void *self);

  /* [plugin thread] Last call. Joins every thread that the plugin started. */
  void (*destroy)(void *self);

  /* [any thread] Between create and destroy. What the plugin offers beyond
   * this, by name. May be NULL. */
  const void *(*extension)(void *self, const char *id);
} rp_plugin;

/* The one exported symbol:
 *   const rp_plugin ramson_plugin_v1 = { RP_MAGIC, sizeof(rp_plugin), ... };
 */
#if defined(_WIN32)
__declspec(dllexport) extern const rp_plugin ramson_plugin_v1;
#else
__attribute__((visibility("default"))) extern const rp_plugin ramson_plugin_v1;
#endif

#ifdef __cplusplus
}
#endif

#endif
