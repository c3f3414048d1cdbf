//! The functions behind the C header: what a plugin's descriptor points to.
//! No panic leaves them, and a plugin that panicked is not touched again, but
//! that its user interface is asked to give the main thread back.

mod hook;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, TryLockError};

use ramson_abi::{self as abi, Status};
use ramson_wire::EventKind;
use ramson_wire::codec::{Encoding, decode_event};

pub use ramson_abi::Plugin as Descriptor;

use crate::host::{Line, Native};
use crate::manifest::{CText, c_id, c_text};
use crate::{Config, Delivery, Error, Host, Level, Manifest, Plugin, RequestId, UiPlugin};

/// What both kinds of plugins are to the functions below.
pub trait Runs: Sized + Send + Sync + 'static {
    /// What it is.
    const MANIFEST: Manifest;
    /// Whether it has a user interface.
    const UI: bool;
    /// Makes it.
    fn create(host: Host, config: Config) -> Result<Self, Error>;
    /// Hands it an event.
    fn on_event(&self, event: Delivery) -> Result<(), Error>;
    /// Shows it.
    fn run_ui(&self) -> Result<(), Error>;
    /// Asks it to end.
    fn request_stop(&self);
}

/// A plugin without a user interface. The lock is never waited for: the host
/// does not call twice at once.
pub struct Background<P>(Mutex<P>);

impl<P: Plugin> Runs for Background<P> {
    const MANIFEST: Manifest = P::MANIFEST;
    const UI: bool = false;

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        P::create(host, config).map(|plugin| Self(Mutex::new(plugin)))
    }

    fn on_event(&self, event: Delivery) -> Result<(), Error> {
        match self.0.try_lock() {
            Ok(mut plugin) => plugin.on_event(&event),
            Err(TryLockError::Poisoned(_)) => Err("the plugin panicked before".into()),
            Err(TryLockError::WouldBlock) => Err("the host called twice at once".into()),
        }
    }

    fn run_ui(&self) -> Result<(), Error> {
        Err("there is no user interface".into())
    }

    fn request_stop(&self) {}
}

/// A plugin with a user interface.
pub struct Ui<U>(U);

impl<U: UiPlugin> Runs for Ui<U> {
    const MANIFEST: Manifest = U::MANIFEST;
    const UI: bool = true;

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        U::create(host, config).map(Self)
    }

    fn on_event(&self, event: Delivery) -> Result<(), Error> {
        self.0.on_event(event)
    }

    fn run_ui(&self) -> Result<(), Error> {
        self.0.run_ui()
    }

    fn request_stop(&self) {
        self.0.request_stop();
    }
}

/// The descriptor of a plugin.
pub const fn descriptor<R: Runs>() -> Descriptor {
    Consts::<R>::DESCRIPTOR
}

struct Consts<R>(PhantomData<R>);

impl<R: Runs> Consts<R> {
    const ID: &'static CText = &c_id(R::MANIFEST.id);
    const NAME: &'static CText = &c_text(R::MANIFEST.name);
    const VERSION: &'static CText = &c_text(R::MANIFEST.version);
    const DESCRIPTOR: Descriptor = {
        let ui = if R::UI { abi::FLAG_UI } else { 0 };
        let unload = if R::MANIFEST.unload { abi::FLAG_UNLOAD } else { 0 };
        let durable = if R::MANIFEST.durable { abi::FLAG_DURABLE } else { 0 };
        Descriptor {
            magic: abi::MAGIC,
            size: size_of::<Descriptor>() as u32,
            abi_major: abi::ABI_MAJOR,
            abi_minor: abi::ABI_MINOR,
            flags: ui | unload | durable,
            id: Self::ID.as_ptr().cast(),
            name: Self::NAME.as_ptr().cast(),
            version: Self::VERSION.as_ptr().cast(),
            encoding: abi::BINCODE,
            schema: ramson_wire::SCHEMA,
            topics: R::MANIFEST.topics.bits(),
            grants: R::MANIFEST.grants.bits(),
            create: Some(functions::create::<R>),
            on_events: Some(functions::on_events::<R>),
            run_ui: if R::UI { Some(functions::run_ui::<R>) } else { None },
            request_stop: if R::UI { Some(functions::request_stop::<R>) } else { None },
            destroy: Some(functions::destroy::<R>),
            extension: None,
        }
    };
}

/// What `*self` of the header points to.
struct Seat<R> {
    plugin: R,
    host: Host,
    panicked: AtomicBool,
}

impl<R: Runs> Seat<R> {
    /// Calls into the plugin, unless it panicked before.
    fn call(&self, what: &str, call: impl FnOnce(&R) -> Result<(), Error>) -> Status {
        if self.panicked.load(Ordering::Acquire) {
            return abi::PANICKED;
        }
        let done = guarded(&self.host, what, || match call(&self.plugin) {
            Ok(()) => abi::OK,
            Err(error) => {
                self.host.log(Level::Error, &format!("{what}: {error}"));
                abi::FAILED
            }
        });
        done.unwrap_or_else(|Panicked| {
            self.panicked.store(true, Ordering::Release);
            // The host forgets the plugin, but threads of it may live on.
            self.host.close();
            abi::PANICKED
        })
    }
}

/// A panic was caught and told.
struct Panicked;

/// That a thread is in code of a plugin.
#[derive(Clone, Copy)]
struct Call {
    /// [`Host::address`] of the plugin's host.
    host: usize,
    /// The hook told of a panic.
    told: bool,
}

thread_local! {
    // Without a destructor, since it is also on threads that live on.
    static CALL: Cell<Option<Call>> = const { Cell::new(None) };
}

/// Runs code of a plugin. The hook tells of a panic and where it was; if
/// somebody took its place, the panic is told of here.
fn guarded<T>(host: &Host, what: &str, code: impl FnOnce() -> T) -> Result<T, Panicked> {
    let before = CALL.replace(Some(Call { host: host.address(), told: false }));
    let result = catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        if !CALL.get().is_some_and(|call| call.told) {
            host.log(Level::Error, &format!("{what}: panicked: {}", text_of(&*payload)));
        }
        // What panics in it is this plugin's, too.
        discard(payload);
        Panicked
    });
    CALL.set(before);
    result
}

/// What was thrown may panic when it is dropped, and so may what that panic
/// throws.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

/// The text of a panic.
fn text_of(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

/// Makes a plugin with its config.
fn make<R: Runs>(host: &Host, config: Option<&[u8]>) -> Result<R, Error> {
    let config = std::str::from_utf8(config.ok_or("the config is missing")?)?;
    R::create(host.clone(), Config::of_json(config)?)
}

/// One of the host's events, as a plugin gets it; `None` for a kind of a later
/// version, which is not even decoded.
fn delivery(event: &abi::Event, payload: &[u8]) -> Option<Result<Delivery, String>> {
    let kind = EventKind::of_number(event.kind)?;
    let decoded = decode_event(payload, Encoding::Bincode).map_err(|error| error.to_string());
    Some(match decoded {
        Ok(it) if it.kind() != kind => Err(format!("it is {:?}", it.kind())),
        Ok(it) => {
            let reply_to = (event.reply_to != 0).then_some(RequestId(event.reply_to));
            Ok(Delivery { seq: event.seq, reply_to, event: it })
        }
        Err(error) => Err(error),
    })
}

#[allow(unsafe_code, reason = "the header's functions")]
mod functions {
    use super::*;

    /// # Safety
    ///
    /// As the header says of `rp_slice`: `ptr` has `len` bytes, for as long as
    /// the result is used.
    unsafe fn bytes<'a>(slice: abi::Slice) -> Option<&'a [u8]> {
        match (slice.ptr.is_null(), slice.len) {
            (_, 0) => Some(&[]),
            (true, _) => None,
            // SAFETY: not null, and the caller says that the bytes are there.
            (false, len) => Some(unsafe { std::slice::from_raw_parts(slice.ptr, len) }),
        }
    }

    pub(super) unsafe extern "C" fn create<R: Runs>(
        host: *const abi::Host,
        config: abi::Slice,
        instance: *mut *mut c_void,
    ) -> Status {
        if instance.is_null() {
            return abi::FAILED;
        }
        // SAFETY: not null; the header has it point to a pointer.
        unsafe { instance.write(std::ptr::null_mut()) };
        // SAFETY: the header keeps the host valid until `destroy` returns, and
        // its handle is closed there, after a panic, and below.
        let Some((granted, native)) = (unsafe { Native::of(host) }) else { return abi::FAILED };
        let host = Host::new(granted, Line::Native(native));
        hook::forward_to(&host);
        let made = guarded(&host, "create", || {
            // SAFETY: the header has the config stay for this call.
            let config = unsafe { bytes(config) };
            make::<R>(&host, config)
                .map_err(|error| host.log(Level::Error, &format!("create: {error}")))
        });
        let status = match made {
            Ok(Ok(plugin)) => {
                let panicked = AtomicBool::new(false);
                let seat = Box::new(Seat { plugin, host, panicked });
                // SAFETY: as above. `destroy` takes the box back.
                unsafe { instance.write(Box::into_raw(seat).cast()) };
                return abi::OK;
            }
            Ok(Err(())) => abi::FAILED,
            Err(Panicked) => abi::PANICKED,
        };
        hook::end(&host);
        host.close();
        status
    }

    /// # Safety
    ///
    /// `instance` is null or what `create` made, and `destroy` has not run.
    unsafe fn seat<'a, R>(instance: *mut c_void) -> Option<&'a Seat<R>> {
        // SAFETY: `create` made it of a box of this type, and only `destroy`
        // ends it, which the header has run after everything else. Everybody
        // else has it shared only.
        unsafe { instance.cast::<Seat<R>>().as_ref() }
    }

    pub(super) unsafe extern "C" fn on_events<R: Runs>(
        instance: *mut c_void,
        events: *const abi::Event,
        count: usize,
    ) -> Status {
        // SAFETY: the header has the host call between `create` and `destroy`.
        let Some(seat) = (unsafe { seat::<R>(instance) }) else { return abi::FAILED };
        if events.is_null() && count != 0 {
            return abi::FAILED;
        }
        let (mut worst, mut unread) = (abi::OK, false);
        for index in 0..count {
            // SAFETY: the header has `count` events there.
            let event = unsafe { &*events.add(index) };
            let status = seat.call("on_event", |plugin| {
                // SAFETY: the header has the payload stay for this call.
                let payload = unsafe { bytes(event.payload) }.ok_or("a payload is missing")?;
                match delivery(event, payload) {
                    Some(Ok(delivery)) => plugin.on_event(delivery),
                    Some(Err(why)) => {
                        // All else is told on top of it.
                        unread = event.kind == abi::EVENT_SNAPSHOT;
                        Err(format!("event of kind {}: {why}", event.kind).into())
                    }
                    None => Ok(()),
                }
            });
            match status {
                abi::OK => {}
                abi::PANICKED => return abi::PANICKED,
                _ if unread => return abi::BAD_PAYLOAD,
                _ => worst = abi::FAILED,
            }
        }
        worst
    }

    pub(super) unsafe extern "C" fn run_ui<R: Runs>(instance: *mut c_void) -> Status {
        // SAFETY: the header has the host call between `create` and `destroy`.
        let Some(seat) = (unsafe { seat::<R>(instance) }) else { return abi::FAILED };
        seat.call("run_ui", R::run_ui)
    }

    pub(super) unsafe extern "C" fn request_stop<R: Runs>(instance: *mut c_void) {
        // SAFETY: the header has the host call between `create` and `destroy`.
        let Some(seat) = (unsafe { seat::<R>(instance) }) else { return };
        // Even of one that panicked: its `run_ui` still has the main thread.
        if guarded(&seat.host, "request_stop", || seat.plugin.request_stop()).is_err() {
            seat.panicked.store(true, Ordering::Release);
            seat.host.close();
        }
    }

    pub(super) unsafe extern "C" fn destroy<R: Runs>(instance: *mut c_void) {
        if instance.is_null() {
            return;
        }
        // SAFETY: `create` made it of a box of this type; this is the last
        // call, and the only one that takes it back.
        let seat = unsafe { Box::from_raw(instance.cast::<Seat<R>>()) };
        let Seat { plugin, host, panicked } = *seat;
        if panicked.into_inner() {
            std::mem::forget(plugin);
        } else {
            // A panic is told; there is nobody to return it to.
            let _ = guarded(&host, "drop", || drop(plugin));
        }
        hook::end(&host);
        host.close();
    }
}
