//! The bot in C, built by its own Makefile: no warning, no wrong read of odd
//! payloads, and it answers what the wire writes.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks, reason = "the test is the host here")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::Path;
use std::process::Command;

use libloading::Library;
use ramson_abi as abi;
use ramson_wire::{ConversationId, Event, Lagged, Notice, Quote};
use support::{ALICE, BOT, CHost, message, raw_event, text};

fn make(target: &str, out: &Path) {
    let output = Command::new("make")
        .args(["-C", concat!(env!("CARGO_MANIFEST_DIR"), "/../bot-c"), target])
        .arg(format!("OUT={}", out.display()))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("ramson-bot-c-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn odd_payloads_do_it_no_harm() {
    let out = folder("odd");
    make("test", &out);
    std::fs::remove_dir_all(&out).unwrap();
}

#[test]
fn it_answers_what_the_wire_writes() {
    let out = folder("wire");
    make("all", &out);
    let library = unsafe { Library::new(out.join("libramson_bot_c.so")) }.unwrap();
    let symbol = unsafe { library.get::<*const abi::Plugin>(abi::SYMBOL) }.unwrap();
    let mut host = CHost::new(unsafe { **symbol });
    assert_eq!((host.plugin.magic, host.plugin.encoding), (abi::MAGIC, abi::JSON));
    assert_eq!(host.create("{}"), abi::OK);

    for said in ["hello", "q \" b \\ t \t \u{1} ☂ \u{1f600}\n", "/", "c: c: ", "}]{["] {
        assert_eq!(host.tell(&text(said)), abi::OK);
        assert_eq!(host.sent(), [(BOT, ALICE, format!("c: {said}"))]);
    }
    let mut full = message("full");
    full.quote = Some(Quote { author: BOT, sent: 1 });
    full.hash = Some("text\":\"no".to_owned());
    assert_eq!(host.tell(&Event::Message { account: BOT, message: full }), abi::OK);
    assert_eq!(host.sent(), [(BOT, ALICE, "c: full".to_owned())]);

    let not_answered: [fn(&mut ramson_wire::Message); 6] = [
        |it| it.outgoing = true,
        |it| it.author = BOT,
        |it| it.notice = Some(Notice::MediaSaved),
        |it| it.deleted = true,
        |it| it.text = None,
        |it| it.conversation = ConversationId("https://example.org/room".to_owned()),
    ];
    for change in not_answered {
        let mut message = message("hello");
        change(&mut message);
        assert_eq!(host.tell(&Event::Message { account: BOT, message }), abi::OK);
    }
    assert_eq!(host.tell(&Event::Lagged(Lagged { skipped: 1 })), abi::OK);
    assert_eq!(host.events(&[raw_event(4711, b"no JSON")]), abi::OK);
    assert_eq!(host.sent(), []);
    assert_eq!(host.log(), "");

    host.answers(abi::DENIED);
    assert_eq!(host.tell(&text("hello")), abi::FAILED);
    assert!(host.log().contains("plugins.toml"), "{}", host.log());
    host.destroy();
    drop(library);
    std::fs::remove_dir_all(&out).unwrap();
}
