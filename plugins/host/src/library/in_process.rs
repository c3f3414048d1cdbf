//! Calls into a mapped library.
//!
//! What a plugin holds of the host is never freed while it could still use it:
//! a thread that it left running may submit long after `destroy`, and is told
//! that it is closed. Only a plugin that promised to leave nothing behind is
//! unmapped, and its context freed with it.
#![allow(unsafe_code, reason = "this is where the plugin's functions are called")]

use std::ffi::{c_char, c_void};
use std::mem::{ManuallyDrop, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use libloading::Library;
use ramson_abi::{
    ABI_MAJOR, ABI_MINOR, BAD_PAYLOAD, CLOSED, Event, FAILED, Host, MAX_LOG, MAX_REQUEST, OK,
    Plugin, Slice, Status, TOO_LARGE,
};

use crate::link::{Delivery, PluginLink, Voice};

/// A plugin whose library is mapped into this process.
pub(super) struct InProcess {
    plugin: Plugin,
    life: Mutex<Life>,
    left: Condvar,
    context: *const Context,
    library: Mutex<Option<ManuallyDrop<Library>>>,
    unload: bool,
}

// SAFETY: the descriptor is constant, the context has its own lock, and the
// plugin's pointer is used as the contract allows on any thread.
unsafe impl Send for InProcess {}
// SAFETY: as above.
unsafe impl Sync for InProcess {}

/// What the plugin was given as `rp_host`.
struct Context {
    host: Host,
    /// `None` once nothing is taken from it any more.
    voice: Mutex<Option<Arc<dyn Voice>>>,
}

struct Life {
    stage: Stage,
    instance: *mut c_void,
    /// Calls under way.
    calls: usize,
    /// One of them is `run_ui`.
    shows: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Alive,
    /// It panicked or hangs. All that it is still asked is to give the main
    /// thread back.
    Forgotten,
    Gone,
}

impl InProcess {
    pub(super) fn new(library: Library, plugin: Plugin, unload: bool) -> Self {
        let host = Host {
            size: u32::try_from(size_of::<Host>()).unwrap_or(u32::MAX),
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            granted: 0,
            ctx: std::ptr::null_mut(),
            submit,
            log,
            extension,
            now: Some(now),
        };
        let context = Box::into_raw(Box::new(Context { host, voice: Mutex::new(None) }));
        // SAFETY: it was made right here, and nobody else has it yet.
        unsafe { (*context).host.ctx = context.cast() };
        Self {
            plugin,
            life: Mutex::new(Life {
                stage: Stage::New,
                instance: std::ptr::null_mut(),
                calls: 0,
                shows: false,
            }),
            left: Condvar::new(),
            context,
            library: Mutex::new(Some(ManuallyDrop::new(library))),
            unload,
        }
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_voice(&self, voice: Option<Arc<dyn Voice>>) {
        // SAFETY: freed with `self` only. The rest of the context is not
        // borrowed: `create` may be writing it.
        let place = unsafe { &(*self.context).voice };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, voice);
        drop(place);
        drop(before);
    }

    /// Calls the living plugin; it is not destroyed meanwhile.
    fn call<T>(&self, how: Visit, call: impl FnOnce(*mut c_void) -> T) -> Option<T> {
        let instance = {
            let mut life = self.life();
            let welcome = match life.stage {
                Stage::Alive => true,
                Stage::Forgotten => how == Visit::Stop && life.shows,
                Stage::New | Stage::Gone => false,
            };
            if !welcome {
                return None;
            }
            life.calls = life.calls.saturating_add(1);
            life.shows |= how == Visit::Show;
            life.instance
        };
        let result = call(instance);
        let mut life = self.life();
        life.calls = life.calls.saturating_sub(1);
        if how == Visit::Show {
            life.shows = false;
        }
        drop(life);
        self.left.notify_all();
        Some(result)
    }
}

/// Which function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Events,
    Show,
    Stop,
}

impl PluginLink for InProcess {
    fn create(&self, voice: Arc<dyn Voice>, granted: u64, config: &[u8]) -> Status {
        let Some(create) = self.plugin.create else { return FAILED };
        if self.life().stage != Stage::New {
            return FAILED;
        }
        self.set_voice(Some(voice));
        // SAFETY: the plugin has not seen the context yet, and everybody else
        // borrows its voice only.
        unsafe { (*self.context.cast_mut()).host.granted = granted };
        let config = Slice { ptr: config.as_ptr(), len: config.len() };
        let mut instance = std::ptr::null_mut();
        // SAFETY: as the contract says; the host's struct outlives the plugin.
        let status = unsafe { create(&raw const (*self.context).host, config, &raw mut instance) };
        let mut life = self.life();
        // It may have been given up meanwhile.
        if status == OK && life.stage == Stage::New {
            (life.stage, life.instance) = (Stage::Alive, instance);
            return OK;
        }
        life.stage = Stage::Gone;
        drop(life);
        self.set_voice(None);
        if status == OK { CLOSED } else { status }
    }

    fn on_events(&self, events: &[Delivery]) -> Status {
        let Some(on_events) = self.plugin.on_events else { return FAILED };
        let events: Vec<Event> = events
            .iter()
            .map(|event| Event {
                seq: event.seq,
                reply_to: event.reply_to,
                kind: event.kind,
                flags: 0,
                payload: Slice { ptr: event.payload.as_ptr(), len: event.payload.len() },
            })
            .collect();
        // SAFETY: as the contract says; all bytes live until it returns.
        let call = |instance| unsafe { on_events(instance, events.as_ptr(), events.len()) };
        self.call(Visit::Events, call).unwrap_or(CLOSED)
    }

    fn run_ui(&self) -> Status {
        let Some(run_ui) = self.plugin.run_ui else { return FAILED };
        // SAFETY: as the contract says; it is not destroyed meanwhile.
        self.call(Visit::Show, |instance| unsafe { run_ui(instance) }).unwrap_or(CLOSED)
    }

    fn request_stop(&self) {
        let Some(request_stop) = self.plugin.request_stop else { return };
        // SAFETY: as the contract says; it is not destroyed meanwhile.
        let _asked = self.call(Visit::Stop, |instance| unsafe { request_stop(instance) });
    }

    fn destroy(&self) {
        let mut life = self.life();
        while life.stage == Stage::Alive && life.calls > 0 {
            life = self.left.wait(life).unwrap_or_else(PoisonError::into_inner);
        }
        if life.stage != Stage::Alive {
            return;
        }
        life.stage = Stage::Gone;
        let instance = life.instance;
        drop(life);
        if let Some(destroy) = self.plugin.destroy {
            // SAFETY: as the contract says: the last call, and none other is
            // under way.
            unsafe { destroy(instance) };
        }
        self.set_voice(None);
    }

    fn forget(&self) {
        let mut life = self.life();
        life.stage = match life.stage {
            Stage::Alive => Stage::Forgotten,
            Stage::Forgotten => Stage::Forgotten,
            Stage::New | Stage::Gone => Stage::Gone,
        };
        drop(life);
        self.left.notify_all();
        self.set_voice(None);
    }

    fn unmap(&self) {
        if !self.unload {
            return;
        }
        let mut library = self.library.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = library.take() {
            drop(ManuallyDrop::into_inner(library));
        }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        // Still mapped: a thread of the plugin may hold the context.
        let mapped = self.library.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !mapped {
            // SAFETY: made by `Box::into_raw`; the code that knew it is gone.
            drop(unsafe { Box::from_raw(self.context.cast_mut()) });
        }
    }
}

/// Bytes that a plugin passed, unless they are more than that.
///
/// # Safety
/// As the contract says: a pointer to so many bytes that live for this call.
unsafe fn bytes<'a>(slice: Slice, most: usize) -> Result<&'a [u8], Status> {
    match (slice.len, slice.ptr.is_null()) {
        (0, _) => Ok(&[]),
        (len, _) if len > most => Err(TOO_LARGE),
        (_, true) => Err(BAD_PAYLOAD),
        // SAFETY: the caller's promise.
        (len, false) => Ok(unsafe { std::slice::from_raw_parts(slice.ptr, len) }),
    }
}

/// # Safety
/// `ctx` is the one that the plugin was given.
unsafe fn voice_of(ctx: *mut c_void) -> Option<Arc<dyn Voice>> {
    if ctx.is_null() {
        return None;
    }
    // SAFETY: contexts live as long as code that knows them is mapped.
    let voice = unsafe { &(*ctx.cast::<Context>().cast_const()).voice };
    voice.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// # Safety
/// As the contract says of `rp_host.submit`.
unsafe extern "C" fn submit(ctx: *mut c_void, kind: u32, id: u64, payload: Slice) -> Status {
    // A panic of ours must not pass through the plugin.
    let submitted = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the plugin's promise.
        let Some(voice) = (unsafe { voice_of(ctx) }) else { return CLOSED };
        // SAFETY: the plugin's promise.
        match unsafe { bytes(payload, MAX_REQUEST) } {
            Ok(payload) => voice.submit(kind, id, payload),
            Err(status) => status,
        }
    }));
    submitted.unwrap_or(FAILED)
}

/// # Safety
/// As the contract says of `rp_host.log`.
unsafe extern "C" fn log(ctx: *mut c_void, level: i32, text: Slice) {
    let _logged = catch_unwind(AssertUnwindSafe(|| {
        // One more than is written shows that it was cut.
        let len = text.len.min(MAX_LOG.saturating_add(1));
        // SAFETY: the plugin's promise.
        let text = unsafe { bytes(Slice { ptr: text.ptr, len }, len) };
        // SAFETY: the plugin's promise.
        let voice = unsafe { voice_of(ctx) };
        if let (Some(voice), Ok(text)) = (voice, text) {
            voice.log(level, text);
        }
    }));
}

/// # Safety
/// As the contract says of `rp_host.now`.
unsafe extern "C" fn now(ctx: *mut c_void) -> u64 {
    let told = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the plugin's promise.
        unsafe { voice_of(ctx) }.map(|voice| voice.now())
    }));
    told.ok().flatten().unwrap_or_else(crate::clock::millis)
}

/// # Safety
/// As the contract says of `rp_host.extension`.
unsafe extern "C" fn extension(_: *mut c_void, _: *const c_char) -> *const c_void {
    std::ptr::null()
}
