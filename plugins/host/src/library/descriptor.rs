//! What a library says of itself, and what is wrong with that.

use std::mem::size_of;

use ramson_abi::{
    ABI_MAJOR, ABI_MINOR, FLAG_DURABLE, FLAG_UI, FLAG_UNLOAD, MAGIC, MAX_NAME, Plugin as AbiPlugin,
    SYMBOL,
};
use ramson_wire::codec::Encoding;
use ramson_wire::{GrantSet, SCHEMA, TopicSet};

/// What a library says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Unique.
    pub id: String,
    /// For people.
    pub title: String,
    /// For people.
    pub version: String,
    /// The version of the contract that it was built for.
    pub abi: (u16, u16),
    /// How its payloads are written.
    pub encoding: Encoding,
    /// What it wants to hear of.
    pub topics: TopicSet,
    /// What it asks for.
    pub grants: GrantSet,
    /// It is a user interface.
    pub ui: bool,
    /// It may be unmapped.
    pub unload: bool,
    /// Its events are told until it says that it is done with them.
    pub durable: bool,
}

/// What was read from a library.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) raw: Raw,
    /// The libraries that it needs.
    pub(super) needs: Vec<String>,
    /// What it takes from others: names of symbols that have to be there.
    pub(super) imports: Vec<String>,
}

/// A descriptor's fields, read and not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) magic: u32,
    pub(super) size: u32,
    pub(super) abi: (u16, u16),
    pub(super) flags: u32,
    pub(super) id: Text,
    pub(super) name: Text,
    pub(super) version: Text,
    pub(super) encoding: u32,
    pub(super) schema: u32,
    pub(super) topics: u64,
    pub(super) grants: u64,
    /// Which functions are there.
    pub(super) create: bool,
    pub(super) on_events: bool,
    pub(super) run_ui: bool,
    pub(super) request_stop: bool,
    pub(super) destroy: bool,
}

/// A text of a descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// A null pointer.
    Missing,
    /// Not in the library's own data.
    Elsewhere,
    /// No end within the limit.
    TooLong,
    /// Its bytes.
    Bytes(Vec<u8>),
}

impl Text {
    /// The text that these bytes begin with; there is one more than a text may
    /// have.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes.iter().position(|byte| *byte == 0) {
            Some(end) => Self::Bytes(bytes.get(..end).unwrap_or_default().to_vec()),
            None if bytes.len() > MAX_NAME => Self::TooLong,
            None => Self::Elsewhere,
        }
    }
}

/// What a descriptor means, if it means something to this program, and what is
/// wrong with it, and what is worth knowing.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) descriptor: Option<Descriptor>,
    pub(super) problems: Vec<String>,
    pub(super) notes: Vec<String>,
}

pub(super) fn judge(raw: &Raw) -> Judged {
    let mut judged = Judged::default();
    let problems = &mut judged.problems;
    if raw.magic != MAGIC {
        problems.push(format!("not a plugin: {SYMBOL} does not begin with RP_MAGIC"));
        return judged;
    }
    let (major, minor) = raw.abi;
    if major != ABI_MAJOR {
        problems.push(format!(
            "built for plugin ABI {major}.{minor}, this program speaks {ABI_MAJOR}.{ABI_MINOR}: \
             rebuild the plugin against this program's SDK"
        ));
        // The fields may mean something else.
        return judged;
    }
    let needed = size_of::<AbiPlugin>();
    if usize::try_from(raw.size).is_ok_and(|size| size < needed) {
        problems.push(format!(
            "its descriptor says that it has {} bytes, and {needed} are needed; \
             set size to sizeof(rp_plugin)",
            raw.size
        ));
    }
    let encoding = Encoding::of_number(raw.encoding);
    if encoding.is_none() {
        problems.push(format!(
            "its encoding {} is unknown; RP_JSON is 1, RP_BINCODE is 2",
            raw.encoding
        ));
    }
    if encoding == Some(Encoding::Bincode) && raw.schema != SCHEMA {
        problems.push(format!(
            "built for wire schema {}, this program speaks {SCHEMA}: \
             rebuild the plugin against this program's SDK",
            raw.schema
        ));
    }
    let id = text("id", &raw.id, is_id, "a-z, 0-9, '.' and '-' may stand there", problems);
    let shown = "no control characters may stand there";
    let title = text("name", &raw.name, is_shown, shown, problems);
    let version = text("version", &raw.version, is_shown, shown, problems);
    let ui = raw.flags & FLAG_UI != 0;
    let functions =
        [("create", raw.create), ("on_events", raw.on_events), ("destroy", raw.destroy)];
    for (name, _) in functions.iter().filter(|(_, there)| !there) {
        problems.push(format!("its function {name} is missing"));
    }
    for (name, there) in [("run_ui", raw.run_ui), ("request_stop", raw.request_stop)] {
        match (ui, there) {
            (true, false) => problems.push(format!("RP_FLAG_UI is set, and {name} is missing")),
            (false, true) => {
                judged.notes.push(format!("{name} is never called: RP_FLAG_UI is not set"))
            }
            _ => {}
        }
    }
    let unload = raw.flags & FLAG_UNLOAD != 0;
    if ui && unload {
        judged.notes.push("RP_FLAG_UNLOAD has no effect: a UI is never unmapped".to_owned());
    }
    let durable = raw.flags & FLAG_DURABLE != 0;
    if ui && durable {
        judged.notes.push("RP_FLAG_DURABLE has no effect: a UI is never durable".to_owned());
    }
    let unknown = [
        ("flags", u64::from(raw.flags & !(FLAG_UI | FLAG_UNLOAD | FLAG_DURABLE))),
        ("topics", raw.topics & !TopicSet::ALL.bits()),
        ("grants", raw.grants & !GrantSet::ALL.bits()),
    ];
    for (what, bits) in unknown.iter().filter(|(_, bits)| *bits != 0) {
        judged.notes.push(format!("unknown {what} are passed over: {bits:#x}"));
    }
    if let (true, Some(encoding)) = (judged.problems.is_empty(), encoding) {
        judged.descriptor = Some(Descriptor {
            id,
            title,
            version,
            abi: raw.abi,
            encoding,
            topics: TopicSet::of_bits(raw.topics),
            grants: GrantSet::of_bits(raw.grants),
            ui,
            unload,
            durable: durable && !ui,
        });
    }
    judged
}

fn is_id(letter: char) -> bool {
    matches!(letter, 'a'..='z' | '0'..='9' | '.' | '-')
}

fn is_shown(letter: char) -> bool {
    !crate::chatter::is_obeyed(letter)
}

fn text(
    what: &str,
    text: &Text,
    allowed: fn(char) -> bool,
    rule: &str,
    problems: &mut Vec<String>,
) -> String {
    let wrong = match text {
        Text::Missing => format!("its {what} is missing"),
        Text::Elsewhere => format!("its {what} is not in the library's own data"),
        Text::TooLong => format!("its {what} has more than {MAX_NAME} bytes"),
        Text::Bytes(bytes) if bytes.is_empty() => format!("its {what} is empty"),
        Text::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Err(_) => format!("its {what} is not UTF-8"),
            Ok(text) => match text.chars().find(|letter| !allowed(*letter)) {
                None => return text.to_owned(),
                Some(letter) => {
                    format!("its {what} has the character '{}'; {rule}", letter.escape_debug())
                }
            },
        },
    };
    problems.push(wrong);
    String::new()
}
