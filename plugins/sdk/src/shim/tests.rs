//! Everything here goes through the descriptor's C functions.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "the test is the host here")]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::ffi::CStr;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ramson_abi as abi;
use ramson_wire::codec::{Encoding, encode_event};
use ramson_wire::{AccountId, Event, Grant, GrantSet, Lagged, Query, Reply, Topic};
use support::{CHost, raw_event, slice, text};

use super::{Background, Ui, descriptor};
use crate::testing::FakeHost;
use crate::{Config, Delivery, Error, Host, Level, Manifest, Plugin, SubmitError, UiPlugin};

/// Does what its config says, and what it is told.
struct Puppet {
    host: Host,
    config: Config,
    /// Counts how often a puppet with this name was dropped.
    _dropped: Dropped,
}

struct Dropped(String);

static DROPPED: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
static HANDLES: std::sync::Mutex<Vec<(String, Host)>> = std::sync::Mutex::new(Vec::new());

fn was_dropped(name: &str) -> bool {
    DROPPED.lock().unwrap().iter().any(|dropped| dropped == name)
}

fn handle(name: &str) -> Host {
    let handles = HANDLES.lock().unwrap();
    handles.iter().find(|(of, _)| of == name).unwrap().1.clone()
}

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.lock().unwrap().push(self.0.clone());
    }
}

/// Panics once more when it is dropped, and what it throws then does too.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 && !std::thread::panicking() {
            panic_any(Bomb(self.0 - 1));
        }
    }
}

/// Who was asked to stop.
static STOPPED: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

fn act(what: &str) -> Result<(), Error> {
    match what {
        "error" => Err("it is an error".into()),
        "panic" => panic!("it is a panic"),
        "bomb" => panic_any(Bomb(3)),
        "quiet" => std::panic::resume_unwind(Box::new("past the hook".to_owned())),
        _ => Ok(()),
    }
}

impl Puppet {
    fn make(host: Host, config: Config) -> Result<Self, Error> {
        let name = config.text("name").unwrap_or_default().to_owned();
        HANDLES.lock().unwrap().push((name.clone(), host.clone()));
        act(config.text("create").unwrap_or_default())?;
        Ok(Self { host, config, _dropped: Dropped(name) })
    }

    fn hear(&self, event: &Delivery) -> Result<(), Error> {
        match event.incoming_text() {
            Some((account, message, text)) if act(text).is_ok() => {
                self.host.answer(account, message, format!("heard {text}"))?;
                Ok(())
            }
            Some((_, _, text)) => act(text),
            None => {
                self.host.log(Level::Info, &format!("{:?}", event.event));
                Ok(())
            }
        }
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let _ = act(self.config.text("drop").unwrap_or_default());
    }
}

impl Plugin for Puppet {
    const MANIFEST: Manifest = Manifest::bot("org.ramson.puppet", "Puppet ☂", "1.2").unloads();

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        Self::make(host, config)
    }

    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        self.hear(event)
    }
}

impl UiPlugin for Puppet {
    const MANIFEST: Manifest =
        Manifest::new("org.ramson.puppets", "Puppets", "1").hears(Topic::Plugins);

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        Self::make(host, config)
    }

    fn on_event(&self, event: Delivery) -> Result<(), Error> {
        self.hear(&event)
    }

    fn run_ui(&self) -> Result<(), Error> {
        act(self.config.text("run").unwrap_or_default())
    }

    fn request_stop(&self) {
        STOPPED.lock().unwrap().push(self.config.text("name").unwrap_or_default().to_owned());
        let _ = act(self.config.text("stop").unwrap_or_default());
    }
}

fn background() -> CHost {
    CHost::new(descriptor::<Background<Puppet>>())
}

fn ui() -> CHost {
    CHost::new(descriptor::<Ui<Puppet>>())
}

#[test]
fn a_descriptor_says_what_the_manifest_says() {
    let it = descriptor::<Background<Puppet>>();
    let text = |text| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned();
    assert_eq!((it.magic, it.size), (abi::MAGIC, size_of::<abi::Plugin>() as u32));
    assert_eq!((it.abi_major, it.abi_minor), (abi::ABI_MAJOR, abi::ABI_MINOR));
    assert_eq!((text(it.id), text(it.name)), ("org.ramson.puppet".into(), "Puppet ☂".into()));
    assert_eq!(text(it.version), "1.2");
    assert_eq!((it.encoding, it.schema), (abi::BINCODE, ramson_wire::SCHEMA));
    assert_eq!((it.topics, it.grants), (abi::TOPIC_MESSAGES, abi::GRANT_READ | abi::GRANT_SEND));
    assert_eq!(it.flags, abi::FLAG_UNLOAD);
    assert!(it.run_ui.is_none() && it.request_stop.is_none());
    let it = descriptor::<Ui<Puppet>>();
    assert_eq!(it.flags, abi::FLAG_UI);
    assert!(it.run_ui.is_some() && it.request_stop.is_some());
}

#[test]
fn an_event_reaches_the_plugin_and_its_request_the_host() {
    for mut host in [background(), ui()] {
        assert_eq!(host.create("{}"), abi::OK);
        assert_eq!(host.tell(&text("hello")), abi::OK);
        assert_eq!(host.sent(), [(support::BOT, support::ALICE, "heard hello".to_owned())]);
        assert_eq!(host.events(&[]), abi::OK);
        host.destroy();
    }
}

#[test]
fn a_kind_of_a_later_version_is_passed_over() {
    let mut host = background();
    host.create("");
    assert_eq!(host.events(&[raw_event(4711, b"no bincode at all")]), abi::OK);
    assert_eq!(host.log(), "");
    host.destroy();
}

#[test]
fn a_payload_that_makes_no_sense_fails_alone() {
    let mut host = background();
    host.create("");
    let lagged = encode_event(&Event::Lagged(Lagged { skipped: 3 }), Encoding::Bincode).unwrap();
    let mut missing = raw_event(abi::EVENT_MESSAGE, &lagged);
    missing.payload.ptr = std::ptr::null();
    let events = [
        raw_event(abi::EVENT_MESSAGE, &[0xff; 9]),
        raw_event(abi::EVENT_MESSAGE, &lagged),
        raw_event(abi::EVENT_MESSAGE, &[]),
        missing,
        raw_event(abi::EVENT_LAGGED, &lagged),
    ];
    assert_eq!(host.events(&events), abi::FAILED);
    assert_eq!(host.log().lines().count(), 5, "{}", host.log());
    assert!(host.log().ends_with("Lagged(Lagged { skipped: 3 })"), "{}", host.log());
    host.destroy();
}

#[test]
fn who_cannot_read_the_snapshot_says_so() {
    let mut host = background();
    host.create("");
    assert_eq!(host.events(&[raw_event(abi::EVENT_SNAPSHOT, &[0; 9])]), abi::BAD_PAYLOAD);
    assert!(host.log().contains("event of kind 1"), "{}", host.log());
    host.destroy();
}

#[test]
fn a_reply_bears_the_id_of_its_request() {
    struct Asks(Host);
    impl Plugin for Asks {
        const MANIFEST: Manifest = Manifest::new("a", "a", "a");
        fn create(host: Host, _: Config) -> Result<Self, Error> {
            let request = host.query(Query::Accounts)?;
            host.log(Level::Debug, &format!("asked {}", request.number()));
            Ok(Self(host))
        }
        fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
            let (request, _) = event.reply().ok_or("no reply")?;
            self.0.log(Level::Debug, &format!("{} has {}", event.seq, request.number()));
            Ok(())
        }
    }
    let mut host = CHost::new(descriptor::<Background<Asks>>());
    host.create("");
    let (id, _) = host.requests().remove(0);
    assert_ne!(id, 0);
    let reply = Event::Reply(Reply::Ok(ramson_wire::Answer::Done));
    let payload = encode_event(&reply, Encoding::Bincode).unwrap();
    host.events(&[abi::Event { reply_to: id, ..raw_event(abi::EVENT_REPLY, &payload) }]);
    assert_eq!(host.log(), format!("4 asked {id}\n4 7 has {id}"));
    host.destroy();
}

#[test]
fn an_error_is_logged_and_the_plugin_goes_on() {
    let mut host = background();
    host.create("");
    assert_eq!(host.tell(&text("error")), abi::FAILED);
    assert_eq!(host.log(), "1 on_event: it is an error");
    assert_eq!(host.tell(&text("hello")), abi::OK);
    host.destroy();
}

#[test]
fn a_plugin_that_cannot_be_created_leaves_nothing() {
    for (config, status, why) in [
        (r#"{"name": "c1", "create": "error"}"#, abi::FAILED, "create: it is an error"),
        (r#"{"name": "c2", "create": "panic"}"#, abi::PANICKED, "it is a panic"),
        (r#"{"name": "c3", "create": "bomb"}"#, abi::PANICKED, "without a text"),
        (r#"{"name": "c4", "create": "quiet"}"#, abi::PANICKED, "past the hook"),
        ("[]", abi::FAILED, "create: the plugin's config is no table"),
        ("{", abi::FAILED, "create: the plugin's config is no table"),
    ] {
        for mut host in [background(), ui()] {
            host.instance = std::ptr::dangling_mut();
            assert_eq!(host.create(config), status, "{config}");
            assert!(host.instance.is_null());
            assert!(host.log().contains(why), "{config}: {}", host.log());
        }
    }
    assert_eq!(handle("c1").query(Query::Accounts), Err(SubmitError::Closed));
    assert_eq!(handle("c2").query(Query::Accounts), Err(SubmitError::Closed));
}

#[test]
fn a_config_that_is_no_text_is_refused() {
    let mut host = background();
    let create = host.plugin.create.unwrap();
    let none = abi::Slice { ptr: std::ptr::null(), len: 4 };
    for config in [slice(b"\xff\xff"), none] {
        let status = unsafe { create(&*host.raw, config, &mut host.instance) };
        assert_eq!(status, abi::FAILED);
        assert!(host.instance.is_null());
    }
}

#[test]
fn a_host_of_another_header_is_refused() {
    let create = background().plugin.create.unwrap();
    let mut instance = std::ptr::null_mut();
    assert_eq!(unsafe { create(std::ptr::null(), slice(b"{}"), &mut instance) }, abi::FAILED);
    let mut other = background();
    other.raw.abi_major = 2;
    assert_eq!(other.create("{}"), abi::FAILED);
    // Version 1.0 had no clock.
    let mut first = background();
    first.raw.size -= 8;
    assert_eq!(first.create("{}"), abi::OK);
    first.destroy();
    let mut shorter = background();
    shorter.raw.size -= 16;
    assert_eq!(shorter.create("{}"), abi::FAILED);
    let mut longer = background();
    longer.raw.size += 8;
    assert_eq!(longer.create("{}"), abi::OK);
    longer.destroy();
    assert_eq!(
        unsafe { create(&*longer.raw, slice(b"{}"), std::ptr::null_mut()) },
        abi::FAILED,
        "there is nowhere to put the instance"
    );
}

#[test]
fn after_a_panic_the_plugin_is_not_touched_again() {
    for (index, what) in ["panic", "bomb", "quiet"].into_iter().enumerate() {
        for (kind, mut host) in [("b", background()), ("u", ui())] {
            let name = format!("touch {kind}{index}");
            host.create(&format!(r#"{{"name": "{name}"}}"#));
            assert_eq!(host.tell(&text(what)), abi::PANICKED);
            assert!(host.log().contains("panicked"), "{}", host.log());
            assert_eq!(host.tell(&text("hello")), abi::PANICKED);
            assert_eq!(host.sent(), [], "the plugin was called");
            assert_eq!(handle(&name).query(Query::Accounts), Err(SubmitError::Closed));
            host.destroy();
            assert!(!was_dropped(&name), "it was dropped");
        }
    }
}

#[test]
fn a_panic_is_told_to_its_own_host_alone() {
    let (mut host, mut other) = (background(), background());
    host.create("");
    other.create("");
    assert_eq!(host.tell(&text("bomb")), abi::PANICKED);
    assert!(host.log().lines().count() > 1, "each bomb in it, too: {}", host.log());
    assert_eq!(other.log(), "");
    host.destroy();
    other.destroy();
}

#[test]
fn a_plugin_is_destroyed_also_by_a_thread_that_unwinds() {
    let failing = std::thread::spawn(|| {
        let mut host = background();
        host.create(r#"{"name": "unwinds"}"#);
        // Past the hook, which would tell the hosts of other tests.
        std::panic::resume_unwind(Box::new("a test that fails"));
    });
    assert!(failing.join().is_err());
    assert!(was_dropped("unwinds"));
    assert_eq!(handle("unwinds").query(Query::Accounts), Err(SubmitError::Closed));
}

#[test]
fn the_log_says_where_a_panic_was() {
    let mut host = background();
    host.create("");
    host.tell(&text("panic"));
    let log = host.log();
    assert!(log.contains("tests.rs:") && log.contains("it is a panic"), "{log}");
    host.destroy();
}

#[test]
fn events_after_a_panic_in_the_same_batch_are_not_handed_over() {
    let mut host = background();
    host.create("");
    let payload = |it| encode_event(&text(it), Encoding::Bincode).unwrap();
    let (first, second) = (payload("panic"), payload("hello"));
    let events = [raw_event(abi::EVENT_MESSAGE, &first), raw_event(abi::EVENT_MESSAGE, &second)];
    assert_eq!(host.events(&events), abi::PANICKED);
    assert_eq!(host.sent(), []);
    host.destroy();
}

#[test]
fn a_panic_of_a_user_interface_is_caught() {
    for config in [r#"{"run": "panic"}"#, r#"{"run": "bomb"}"#, r#"{"run": "quiet"}"#] {
        let mut host = ui();
        host.create(config);
        assert_eq!(host.run_ui(), abi::PANICKED);
        assert_eq!(host.run_ui(), abi::PANICKED);
        assert_eq!(host.tell(&text("hello")), abi::PANICKED);
        host.destroy();
    }
    let mut host = ui();
    host.create(r#"{"stop": "panic", "run": "error"}"#);
    assert_eq!(host.run_ui(), abi::FAILED);
    host.request_stop();
    assert!(host.log().contains("it is a panic"), "{}", host.log());
    assert_eq!(host.run_ui(), abi::PANICKED);
    host.request_stop();
    host.destroy();
}

#[test]
fn a_user_interface_that_panicked_is_still_asked_to_give_the_screen_back() {
    let mut host = ui();
    host.create(r#"{"name": "torn"}"#);
    assert_eq!(host.tell(&text("panic")), abi::PANICKED);
    host.request_stop();
    assert!(STOPPED.lock().unwrap().contains(&"torn".to_owned()));
    host.destroy();
}

#[test]
fn a_panic_in_drop_is_caught() {
    for what in ["panic", "bomb", "quiet"] {
        let mut host = background();
        host.create(&format!(r#"{{"name": "drop {what}", "drop": "{what}"}}"#));
        let gone = handle(&format!("drop {what}"));
        host.destroy();
        assert!(host.log().contains("panicked"), "{}", host.log());
        assert_eq!(gone.query(Query::Accounts), Err(SubmitError::Closed));
    }
}

#[test]
fn null_instances_are_passed_over() {
    let mut host = ui();
    assert_eq!(host.tell(&text("hello")), abi::FAILED);
    assert_eq!(host.run_ui(), abi::FAILED);
    host.request_stop();
    host.destroy();
    host.create("");
    let on_events = host.plugin.on_events.unwrap();
    assert_eq!(unsafe { on_events(host.instance, std::ptr::null(), 1) }, abi::FAILED);
    host.destroy();
}

#[test]
fn a_handle_outlives_the_host() {
    let mut host = background();
    host.create(r#"{"name": "outlives"}"#);
    let handle = handle("outlives");
    assert!(handle.query(Query::Accounts).is_ok());
    host.destroy();
    drop(host);
    handle.log(Level::Info, "nobody reads this");
    assert_eq!(handle.query(Query::Accounts), Err(SubmitError::Closed));
    assert_eq!(handle.granted(), GrantSet::ALL);
}

#[test]
fn destroy_waits_for_requests_of_other_threads() {
    for round in 0..50 {
        let mut host = background();
        host.create(&format!(r#"{{"name": "threads {round}"}}"#));
        let handle = handle(&format!("threads {round}"));
        let taken = Arc::new(AtomicU32::new(0));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (handle, taken) = (handle.clone(), Arc::clone(&taken));
                std::thread::spawn(move || {
                    while handle.query(Query::Plugins).is_ok() {
                        taken.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while taken.load(Ordering::Relaxed) < 100 {
            std::thread::yield_now();
        }
        host.destroy();
        let mut ids: Vec<_> = host.requests().into_iter().map(|(id, _)| id).collect();
        // Nothing may reach the host from here on.
        drop(host);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let all = ids.len();
        assert_eq!(u32::try_from(all).unwrap(), taken.load(Ordering::Relaxed));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "two requests share an id");
    }
}

#[test]
fn a_refused_request_says_why() {
    let mut host = background();
    host.create(r#"{"name": "refused"}"#);
    let handle = handle("refused");
    for (status, error) in [
        (abi::AGAIN, SubmitError::Busy),
        (abi::DENIED, SubmitError::Denied),
        (abi::TOO_LARGE, SubmitError::TooLarge),
        (abi::BAD_PAYLOAD, SubmitError::Unknown),
        (abi::CLOSED, SubmitError::Closed),
        (abi::FAILED, SubmitError::Failed { status: abi::FAILED }),
        (99, SubmitError::Failed { status: 99 }),
    ] {
        host.answers(status);
        assert_eq!(handle.query(Query::Accounts), Err(error));
    }
    host.answers(abi::OK);
    let long = "x".repeat(abi::MAX_REQUEST);
    assert_eq!(handle.send(support::BOT, support::ALICE, long), Err(SubmitError::TooLarge));
    let mut message = support::message("hi");
    message.conversation = ramson_wire::ConversationId("https://example.org/room".to_owned());
    let refused = handle.answer(support::BOT, &message, "hello");
    assert!(matches!(refused, Err(SubmitError::NoRecipient { .. })));
    host.destroy();
}

#[test]
fn a_long_line_is_cut_between_letters() {
    let mut host = background();
    host.create(r#"{"name": "long"}"#);
    handle("long").log(Level::Warn, &"ä☂".repeat(2000));
    let line = host.log();
    let text = line.strip_prefix("2 ").unwrap();
    assert!((abi::MAX_LOG - 2..=abi::MAX_LOG).contains(&text.len()), "{}", text.len());
    assert!(text.ends_with(['ä', '☂']));
    host.destroy();
}

#[test]
fn a_fake_host_feeds_and_collects() {
    let fake = FakeHost::granting(GrantSet::NONE.with(Grant::Send));
    let mut puppet: Puppet = fake.create(r#"{"name": "fake"}"#).unwrap();
    fake.tell(&mut puppet, text("hello")).unwrap();
    let (id, request) = fake.next_request(std::time::Duration::from_secs(30)).unwrap();
    assert!(matches!(request, crate::Request::Command(it) if it.account == support::BOT));
    let delivery = fake.reply(id, Reply::Ok(crate::Answer::Done)).unwrap();
    assert_eq!(delivery.reply().unwrap().0, id);
    assert!(Plugin::on_event(&mut puppet, &delivery).is_ok());
    let account = AccountId([5; 33]);
    let name = || crate::Command::SetName { name: "x".to_owned() };
    assert_eq!(fake.host().command(account, name()), Err(SubmitError::Denied));
    fake.refuse(Some(SubmitError::Busy));
    assert!(fake.tell(&mut puppet, text("hello")).is_err());
    fake.refuse(None);
    fake.tell_ui(&puppet, text("again")).unwrap();
    assert_eq!(fake.requests().len(), 1);
    assert_eq!(fake.log().len(), 1);
    fake.close();
    assert_eq!(fake.host().query(Query::Accounts), Err(SubmitError::Closed));
}
