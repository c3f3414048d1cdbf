//! A host behind the C functions, as small as it can be.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "the test is the host here")]
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::ffi::{c_char, c_void};
use std::sync::{Mutex, PoisonError};

use ramson_abi::{self as abi, Slice, Status};
use ramson_wire::codec::{Encoding, decode_request, encode_event};
use ramson_wire::{AccountId, Command, Event, GrantSet, Message, MessageId, Request, RequestKind};

pub const ALICE: AccountId = AccountId([5; 33]);
pub const BOT: AccountId = {
    let mut id = [6; 33];
    id[0] = 5;
    AccountId(id)
};

/// What a host was asked and told. Boxed, so that a use after its end is seen
/// by whoever looks for one.
#[derive(Default)]
pub struct Kept {
    pub requests: Mutex<Vec<(u64, u32, Vec<u8>)>>,
    pub log: Mutex<Vec<String>>,
    pub answer: Mutex<Status>,
}

/// A host, and the plugin that it created.
pub struct CHost {
    pub kept: Box<Kept>,
    pub raw: Box<abi::Host>,
    pub plugin: abi::Plugin,
    pub instance: *mut c_void,
}

impl CHost {
    pub fn new(plugin: abi::Plugin) -> Self {
        let kept = Box::<Kept>::default();
        let ctx = std::ptr::from_ref::<Kept>(&kept).cast_mut().cast();
        let raw = Box::new(abi::Host {
            size: size_of::<abi::Host>() as u32,
            abi_major: abi::ABI_MAJOR,
            abi_minor: abi::ABI_MINOR,
            granted: GrantSet::ALL.bits(),
            ctx,
            submit,
            log,
            extension,
            now: Some(now),
        });
        Self { kept, raw, plugin, instance: std::ptr::null_mut() }
    }

    pub fn create(&mut self, config: &str) -> Status {
        unsafe {
            self.plugin.create.unwrap()(&*self.raw, slice(config.as_bytes()), &mut self.instance)
        }
    }

    pub fn events(&self, events: &[abi::Event]) -> Status {
        unsafe { self.plugin.on_events.unwrap()(self.instance, events.as_ptr(), events.len()) }
    }

    pub fn tell(&self, event: &Event) -> Status {
        let encoding = Encoding::of_number(self.plugin.encoding).unwrap();
        let payload = encode_event(event, encoding).unwrap();
        self.events(&[raw_event(event.kind().number(), &payload)])
    }

    pub fn run_ui(&self) -> Status {
        unsafe { self.plugin.run_ui.unwrap()(self.instance) }
    }

    pub fn request_stop(&self) {
        unsafe { self.plugin.request_stop.unwrap()(self.instance) }
    }

    pub fn destroy(&mut self) {
        unsafe { self.plugin.destroy.unwrap()(self.instance) }
        self.instance = std::ptr::null_mut();
    }

    pub fn answers(&self, status: Status) {
        *self.kept.answer.lock().unwrap() = status;
    }

    pub fn log(&self) -> String {
        self.kept.log.lock().unwrap().join("\n")
    }

    pub fn requests(&self) -> Vec<(u64, Request)> {
        let encoding = Encoding::of_number(self.plugin.encoding).unwrap();
        let requests = std::mem::take(&mut *self.kept.requests.lock().unwrap());
        let decode = |(id, kind, payload): (u64, u32, Vec<u8>)| {
            let kind = RequestKind::of_number(kind).unwrap();
            (id, decode_request(kind, &payload, encoding).unwrap())
        };
        requests.into_iter().map(decode).collect()
    }

    /// The texts that it was asked to send, with from and to.
    pub fn sent(&self) -> Vec<(AccountId, AccountId, String)> {
        let sent = |(_, request)| match request {
            Request::Command(it) => match it.command {
                Command::Send { to, text, .. } => Some((it.account, to, text)),
                _ => None,
            },
            _ => None,
        };
        self.requests().into_iter().filter_map(sent).collect()
    }
}

/// A test that fails leaves its plugin behind, which must not be told of more.
impl Drop for CHost {
    fn drop(&mut self) {
        if !self.instance.is_null() {
            self.destroy();
        }
    }
}

pub fn slice(bytes: &[u8]) -> Slice {
    Slice { ptr: bytes.as_ptr(), len: bytes.len() }
}

pub fn raw_event(kind: u32, payload: &[u8]) -> abi::Event {
    abi::Event { seq: 7, reply_to: 0, kind, flags: 0, payload: slice(payload) }
}

/// A text of Alice to the bot.
pub fn text(text: &str) -> Event {
    Event::Message { account: BOT, message: message(text) }
}

pub fn message(text: &str) -> Message {
    Message {
        sent: 1_700_000_000_000,
        received: 1_700_000_000_001,
        text: Some(text.to_owned()),
        ..Message::new(MessageId { account: 1, number: 42 }, ALICE.into(), ALICE)
    }
}

unsafe extern "C" fn submit(ctx: *mut c_void, kind: u32, id: u64, payload: Slice) -> Status {
    let kept = unsafe { &*ctx.cast::<Kept>() };
    let payload = unsafe { std::slice::from_raw_parts(payload.ptr, payload.len) }.to_vec();
    let answer = *kept.answer.lock().unwrap_or_else(PoisonError::into_inner);
    if answer == abi::OK {
        let mut requests = kept.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push((id, kind, payload));
    }
    answer
}

unsafe extern "C" fn log(ctx: *mut c_void, level: i32, text: Slice) {
    let kept = unsafe { &*ctx.cast::<Kept>() };
    let text = unsafe { std::slice::from_raw_parts(text.ptr, text.len) };
    let line = format!("{level} {}", String::from_utf8_lossy(text));
    kept.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

unsafe extern "C" fn extension(_: *mut c_void, _: *const c_char) -> *const c_void {
    std::ptr::null()
}

unsafe extern "C" fn now(_: *mut c_void) -> u64 {
    1_700_000_000_000
}
