//! What a plugin can ask for, from any thread.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ramson_abi::{self as abi, MAX_LOG, Status};
use ramson_wire::codec::{CodecError, Encoding, encode_request};
use ramson_wire::{
    AccountCommand, AccountId, Command, Control, ConversationId, Done, GrantSet, Message, Millis,
    Query, Request, RequestKind,
};

/// The name of a request, which its reply bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u64);

impl RequestId {
    /// As a number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Why a request was not taken; no reply will come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Too many requests wait for their replies, or too many came in a minute.
    #[error("too many requests; try again when a reply has come")]
    Busy,
    /// The user did not give the plugin what the request needs.
    #[error("the plugin may not do that; the user decides in plugins.toml")]
    Denied,
    /// It has more bytes than a request may have.
    #[error("the request is too large; at most {} bytes are taken", abi::MAX_REQUEST)]
    TooLarge,
    /// The host does not understand it.
    #[error("the host does not know such a request; build the plugin with this program's SDK")]
    Unknown,
    /// The plugin is being stopped, or was.
    #[error("the plugin is being stopped")]
    Closed,
    /// A text can be sent to an account only.
    #[error("nothing can be written to '{conversation}'; texts go to 05 ids")]
    NoRecipient {
        /// The conversation.
        conversation: ConversationId,
    },
    /// The host has another reason.
    #[error("the host took no request (status {status}); its log may say why")]
    Failed {
        /// What it said.
        status: Status,
    },
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Level {
    /// Something did not work.
    Error = abi::LOG_ERROR,
    /// Something is odd.
    Warn = abi::LOG_WARN,
    /// Worth knowing.
    Info = abi::LOG_INFO,
    /// For who looks for a fault.
    Debug = abi::LOG_DEBUG,
}

/// The host, as a plugin sees it. Cheap to clone; all of it may be called from
/// any thread and never blocks. Clones may outlive the plugin: once it is
/// gone, they answer [`SubmitError::Closed`].
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    granted: GrantSet,
    next: AtomicU64,
    /// The way to the host while there is one. Calls hold the read lock, so
    /// that `close` returns only when none is under way.
    line: RwLock<Option<Line>>,
}

/// Where requests and lines of the log go.
pub(crate) enum Line {
    /// Through the functions of the header.
    Native(Native),
    /// To a test.
    Test(Arc<dyn crate::testing::HostLine>),
}

impl Host {
    pub(crate) fn new(granted: GrantSet, line: Line) -> Self {
        let line = RwLock::new(Some(line));
        Self(Arc::new(Inner { granted, next: AtomicU64::new(1), line }))
    }

    /// Another one for every plugin.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// From now on nothing reaches the host, and nothing of it is touched.
    pub(crate) fn close(&self) {
        let line = self.0.line.write().unwrap_or_else(PoisonError::into_inner).take();
        // Not under the lock: what is dropped may say something.
        drop(line);
    }

    /// What the user gave the plugin.
    pub fn granted(&self) -> GrantSet {
        self.0.granted
    }

    /// Asks for something. The reply is an event that bears the returned id.
    pub fn submit(&self, request: &Request) -> Result<RequestId, SubmitError> {
        let payload = encode_request(request, Encoding::Bincode).map_err(|error| match error {
            CodecError::TooLarge { .. } => SubmitError::TooLarge,
            CodecError::Malformed { .. } => SubmitError::Unknown,
        })?;
        let id = RequestId(self.0.next.fetch_add(1, Ordering::Relaxed));
        let line = self.0.line.read().unwrap_or_else(PoisonError::into_inner);
        let status = match &*line {
            Some(Line::Native(host)) => host.submit(request.kind(), id, &payload),
            Some(Line::Test(test)) => test.submit(id, request),
            None => abi::CLOSED,
        };
        match status {
            abi::OK => Ok(id),
            abi::AGAIN => Err(SubmitError::Busy),
            abi::DENIED => Err(SubmitError::Denied),
            abi::TOO_LARGE => Err(SubmitError::TooLarge),
            abi::BAD_PAYLOAD => Err(SubmitError::Unknown),
            abi::CLOSED => Err(SubmitError::Closed),
            status => Err(SubmitError::Failed { status }),
        }
    }

    /// Tells an account to do something.
    pub fn command(&self, account: AccountId, command: Command) -> Result<RequestId, SubmitError> {
        self.submit(&Request::Command(AccountCommand::new(account, command)))
    }

    /// Asks a question.
    pub fn query(&self, query: Query) -> Result<RequestId, SubmitError> {
        self.submit(&Request::Query(query))
    }

    /// Tells the program to do something.
    pub fn control(&self, control: Control) -> Result<RequestId, SubmitError> {
        self.submit(&Request::Control(control))
    }

    /// Says that events are done with, and what goes with it.
    pub fn done(&self, done: Done) -> Result<RequestId, SubmitError> {
        self.submit(&Request::Done(done))
    }

    /// The time by the host's clock, which goes by the network's.
    pub fn now(&self) -> Millis {
        match &*self.0.line.read().unwrap_or_else(PoisonError::into_inner) {
            Some(Line::Native(host)) => host.now(),
            Some(Line::Test(test)) => test.now(),
            None => crate::clock::now(),
        }
    }

    /// Writes a text to an account.
    pub fn send(
        &self,
        account: AccountId,
        to: AccountId,
        text: impl Into<String>,
    ) -> Result<RequestId, SubmitError> {
        self.command(account, Command::text(to, text))
    }

    /// Answers a message in its conversation.
    pub fn answer(
        &self,
        account: AccountId,
        message: &Message,
        text: impl Into<String>,
    ) -> Result<RequestId, SubmitError> {
        self.send(account, peer(message)?, text)
    }

    /// Answers a message in its conversation, and quotes it.
    pub fn reply(
        &self,
        account: AccountId,
        message: &Message,
        text: impl Into<String>,
    ) -> Result<RequestId, SubmitError> {
        let (to, text, reply_to) = (peer(message)?, text.into(), Some(message.id));
        let (preview, invitation) = (None, None);
        let command = Command::Send { to, text, reply_to, preview, invitation, unsynced: false };
        self.command(account, command)
    }

    /// A line for the program's log; what is longer than 4 KiB is cut off.
    pub fn log(&self, level: Level, text: &str) {
        let text = text.get(..text.floor_char_boundary(MAX_LOG)).unwrap_or_default();
        match &*self.0.line.read().unwrap_or_else(PoisonError::into_inner) {
            Some(Line::Native(host)) => host.log(level, text),
            Some(Line::Test(test)) => test.log(level, text),
            None => {}
        }
    }
}

/// Whom a message's conversation is with.
fn peer(message: &Message) -> Result<AccountId, SubmitError> {
    let conversation = &message.conversation;
    let none = || SubmitError::NoRecipient { conversation: conversation.clone() };
    conversation.account().ok_or_else(none)
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("granted", &self.0.granted).finish_non_exhaustive()
    }
}

/// The functions of the header.
pub(crate) struct Native(abi::Host);

#[allow(unsafe_code, reason = "calls of the C functions")]
mod native {
    use std::mem::{MaybeUninit, offset_of};

    use super::*;

    // SAFETY: the header allows all of these functions on any thread, and `ctx`
    // is only ever passed to them.
    unsafe impl Send for Native {}
    // SAFETY: the same; also several at once.
    unsafe impl Sync for Native {}

    impl Native {
        /// Takes the functions over; `None` if they are not those of this
        /// header.
        ///
        /// # Safety
        ///
        /// `host` is null or an `rp_host` that is valid until `Host::close`
        /// was called.
        pub(crate) unsafe fn of(host: *const abi::Host) -> Option<(GrantSet, Self)> {
            if host.is_null() {
                return None;
            }
            // SAFETY: not null; size and version stand at the same place in
            // every version of the struct.
            let (size, major) = unsafe { ((*host).size, (*host).abi_major) };
            let size = usize::try_from(size).unwrap_or(0);
            // A host of version 1.0 ends before `now`.
            if size < offset_of!(abi::Host, now) || major != abi::ABI_MAJOR {
                return None;
            }
            let mut whole = MaybeUninit::<abi::Host>::zeroed();
            // SAFETY: so many bytes are there, and fit; the two structs do not
            // overlap. What a shorter one lacks stays zero, which is `None`.
            let host = unsafe {
                let bytes = size.min(size_of::<abi::Host>());
                std::ptr::copy_nonoverlapping(host.cast::<u8>(), whole.as_mut_ptr().cast(), bytes);
                whole.assume_init()
            };
            Some((GrantSet::of_bits(host.granted), Self(host)))
        }

        pub(super) fn now(&self) -> Millis {
            // SAFETY: the line is open, so the host is there.
            self.0.now.map_or_else(crate::clock::now, |now| unsafe { now(self.0.ctx) })
        }

        pub(super) fn submit(&self, kind: RequestKind, id: RequestId, payload: &[u8]) -> Status {
            let payload = abi::Slice { ptr: payload.as_ptr(), len: payload.len() };
            // SAFETY: the line is open, so the host is there; the payload
            // lives for the call.
            unsafe { (self.0.submit)(self.0.ctx, kind.number(), id.0, payload) }
        }

        pub(super) fn log(&self, level: Level, text: &str) {
            let text = abi::Slice { ptr: text.as_ptr(), len: text.len() };
            // SAFETY: as in `submit`.
            unsafe { (self.0.log)(self.0.ctx, level as i32, text) }
        }
    }
}
