//! The contract between the engine and a plugin: `include/ramson_plugin.h`,
//! which has every rule, and its mirror in Rust. A test holds both to the same
//! layout and numbers. Nothing here does anything.

#![no_std]

use core::ffi::{c_char, c_void};

/// The header, for those who write a plugin in C.
pub const HEADER: &str = include_str!("../include/ramson_plugin.h");

/// The name of the one symbol that a plugin exports.
pub const SYMBOL: &str = "ramson_plugin_v1";

/// Begins every descriptor.
pub const MAGIC: u32 = 0x314E_4D52;
/// Another major version is refused.
pub const ABI_MAJOR: u16 = 1;
/// Grows with fields that are added at the end.
pub const ABI_MINOR: u16 = 1;

/// The longest payload of an event in bytes.
pub const MAX_EVENT: usize = 16 * 1024 * 1024;
/// The longest payload of a request in bytes.
pub const MAX_REQUEST: usize = 256 * 1024;
/// So many requests of a plugin may be without a reply.
pub const MAX_IN_FLIGHT: usize = 64;
/// So many events are handed over at once.
pub const MAX_BATCH: usize = 64;
/// The longest id, name and version of a plugin in bytes.
pub const MAX_NAME: usize = 64;
/// So many events of a durable plugin may be told and not done with.
pub const WINDOW: usize = 256;
/// The longest line that is logged, in bytes.
pub const MAX_LOG: usize = 4 * 1024;

/// Bytes of somebody else, borrowed for one call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Slice {
    /// Where they are; null only where there are none.
    pub ptr: *const u8,
    /// How many.
    pub len: usize,
}

/// What a call led to.
pub type Status = i32;
/// It worked.
pub const OK: Status = 0;
/// Full: try later, nothing was taken.
pub const AGAIN: Status = 1;
/// It did not work.
pub const FAILED: Status = -1;
/// A panic was caught.
pub const PANICKED: Status = -2;
/// Not granted.
pub const DENIED: Status = -3;
/// Not what that kind looks like.
pub const BAD_PAYLOAD: Status = -4;
/// More bytes than allowed.
pub const TOO_LARGE: Status = -5;
/// The plugin is being stopped.
pub const CLOSED: Status = -6;

/// Payloads are JSON.
pub const JSON: u32 = 1;
/// Payloads are bincode.
pub const BINCODE: u32 = 2;

/// It has a user interface.
pub const FLAG_UI: u32 = 1 << 0;
/// It may be unmapped after it was destroyed.
pub const FLAG_UNLOAD: u32 = 1 << 1;
/// Its events are told until it says that they are done with.
pub const FLAG_DURABLE: u32 = 1 << 2;

/// Messages, and what changes of them.
pub const TOPIC_MESSAGES: u64 = 1 << 0;
/// Conversations, contacts, profiles.
pub const TOPIC_CONVERSATIONS: u64 = 1 << 1;
/// Who types.
pub const TOPIC_TYPING: u64 = 1 << 2;
/// Service nodes and paths.
pub const TOPIC_NETWORK: u64 = 1 << 3;
/// Which plugins run, and how they are.
pub const TOPIC_PLUGINS: u64 = 1 << 4;

/// Messages and conversations as they come.
pub const GRANT_READ: u64 = 1 << 0;
/// Messages from before.
pub const GRANT_HISTORY: u64 = 1 << 1;
/// Write, react, show that one types.
pub const GRANT_SEND: u64 = 1 << 2;
/// Delete, mark as read, pin, mute, timers.
pub const GRANT_MANAGE: u64 = 1 << 3;
/// Accept, block, name and remove contacts.
pub const GRANT_CONTACTS: u64 = 1 << 4;
/// The account's own name and settings.
pub const GRANT_PROFILE: u64 = 1 << 5;
/// Paths, delivery ledger, names.
pub const GRANT_NETWORK: u64 = 1 << 6;
/// Add and remove accounts.
pub const GRANT_ACCOUNTS: u64 = 1 << 7;
/// Load, stop and swap plugins; end the program.
pub const GRANT_PLUGINS: u64 = 1 << 8;

/// All there is.
pub const EVENT_SNAPSHOT: u32 = 1;
/// A message came or was written.
pub const EVENT_MESSAGE: u32 = 2;
/// Something of a message changed.
pub const EVENT_MESSAGE_CHANGED: u32 = 3;
/// A message is gone.
pub const EVENT_MESSAGE_REMOVED: u32 = 4;
/// A conversation is new or changed.
pub const EVENT_CONVERSATION: u32 = 5;
/// A conversation is gone.
pub const EVENT_CONVERSATION_REMOVED: u32 = 6;
/// An account's profile or settings changed.
pub const EVENT_PROFILE: u32 = 7;
/// An account was added.
pub const EVENT_ACCOUNT: u32 = 8;
/// An account is gone.
pub const EVENT_ACCOUNT_REMOVED: u32 = 9;
/// Somebody types, or stopped.
pub const EVENT_TYPING: u32 = 10;
/// Something of the network.
pub const EVENT_NETWORK: u32 = 11;
/// What plugins run.
pub const EVENT_PLUGINS: u32 = 12;
/// The reply to a request.
pub const EVENT_REPLY: u32 = 13;
/// Events were dropped.
pub const EVENT_LAGGED: u32 = 14;

/// To an account.
pub const REQUEST_COMMAND: u32 = 1;
/// A question.
pub const REQUEST_QUERY: u32 = 2;
/// To the program.
pub const REQUEST_CONTROL: u32 = 3;
/// Events are done with.
pub const REQUEST_DONE: u32 = 4;

/// Levels of the log.
pub const LOG_ERROR: i32 = 1;
/// A warning.
pub const LOG_WARN: i32 = 2;
/// Worth knowing.
pub const LOG_INFO: i32 = 3;
/// For who looks for a fault.
pub const LOG_DEBUG: i32 = 4;

/// One event; `rp_event`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Number in the home's one sequence.
    pub seq: u64,
    /// Of a reply: the request's id; else 0.
    pub reply_to: u64,
    /// What.
    pub kind: u32,
    /// 0.
    pub flags: u32,
    /// In the plugin's encoding.
    pub payload: Slice,
}

/// The host's side; `rp_host`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Of this struct in bytes.
    pub size: u32,
    /// The host's version.
    pub abi_major: u16,
    /// The host's version.
    pub abi_minor: u16,
    /// What was granted.
    pub granted: u64,
    /// First argument of the functions.
    pub ctx: *mut c_void,
    /// Any thread: asks for something.
    pub submit: unsafe extern "C" fn(*mut c_void, u32, u64, Slice) -> Status,
    /// Any thread: a line for the log.
    pub log: unsafe extern "C" fn(*mut c_void, i32, Slice),
    /// Any thread: what later versions add.
    pub extension: unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void,
    /// Any thread: milliseconds since 1970. Hosts of version 1.0 end before it.
    pub now: Option<unsafe extern "C" fn(*mut c_void) -> u64>,
}

/// `rp_plugin.create`
pub type Create = unsafe extern "C" fn(*const Host, Slice, *mut *mut c_void) -> Status;
/// `rp_plugin.on_events`
pub type OnEvents = unsafe extern "C" fn(*mut c_void, *const Event, usize) -> Status;
/// `rp_plugin.run_ui`
pub type RunUi = unsafe extern "C" fn(*mut c_void) -> Status;
/// `rp_plugin.request_stop`
pub type RequestStop = unsafe extern "C" fn(*mut c_void);
/// `rp_plugin.destroy`
pub type Destroy = unsafe extern "C" fn(*mut c_void);
/// `rp_plugin.extension`
pub type Extension = unsafe extern "C" fn(*mut c_void, *const c_char) -> *const c_void;

/// The plugin's side; `rp_plugin`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Plugin {
    /// [`MAGIC`].
    pub magic: u32,
    /// Of this struct in bytes.
    pub size: u32,
    /// The version it was built for.
    pub abi_major: u16,
    /// The version it was built for.
    pub abi_minor: u16,
    /// `FLAG_…`
    pub flags: u32,
    /// Unique, a reverse domain.
    pub id: *const c_char,
    /// For people.
    pub name: *const c_char,
    /// For people.
    pub version: *const c_char,
    /// [`JSON`] or [`BINCODE`].
    pub encoding: u32,
    /// Of [`BINCODE`]: the number of the wire's schema.
    pub schema: u32,
    /// `TOPIC_…`
    pub topics: u64,
    /// `GRANT_…` asked for.
    pub grants: u64,
    /// Plugin thread, first.
    pub create: Option<Create>,
    /// Plugin thread.
    pub on_events: Option<OnEvents>,
    /// Main thread.
    pub run_ui: Option<RunUi>,
    /// Any thread.
    pub request_stop: Option<RequestStop>,
    /// Plugin thread, last.
    pub destroy: Option<Destroy>,
    /// Any thread.
    pub extension: Option<Extension>,
}

#[allow(unsafe_code, reason = "a descriptor is constant data and points to constant data")]
// SAFETY: nothing of it is ever written.
unsafe impl Sync for Plugin {}
