//! A plugin that does what its test says, good or bad. Its config has:
//!
//! | key | what |
//! |---|---|
//! | `notes` | a file; a JSON line is added for everything that happens to the plugin |
//! | `asks` | a file; each JSON line that is added to it is submitted: `["command"|"query"|"control", {…}]` |
//! | `echo` | a text that answers begin with |
//! | `slow` | milliseconds that each event takes |
//! | `panic_at` | a text: a message with it makes the handler read beyond the end of a list |
//! | `panic_in_drop` | dropping the plugin panics |
//! | `hang_at` | a text: a message with it is never done with |
//! | `flood` | so many questions are asked for each message, as fast as they go |
//! | `refuse` | a text: creating the plugin fails with it |

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, park, sleep, spawn};
use std::time::Duration;

use ramson_sdk::{Config, Delivery, Error, Host, Level, Manifest, Plugin};
use ramson_wire::{GrantSet, Query, Request, TopicSet};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Wishes {
    notes: Option<PathBuf>,
    asks: Option<PathBuf>,
    echo: Option<String>,
    slow: Option<u64>,
    panic_at: Option<String>,
    #[serde(default)]
    panic_in_drop: bool,
    hang_at: Option<String>,
    #[serde(default)]
    flood: u64,
    refuse: Option<String>,
}

struct Trial {
    host: Host,
    wishes: Wishes,
    notes: Arc<Notes>,
    asker: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

/// What happened, line by line.
struct Notes(Option<Mutex<File>>);

impl Notes {
    fn add(&self, line: &Value) {
        let Some(file) = &self.0 else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        // A test that is over does not read it.
        let _gone = file.write_all(format!("{line}\n").as_bytes());
    }
}

impl Plugin for Trial {
    const MANIFEST: Manifest = {
        let it = Manifest::new("org.ramson.trial", "Trial", "1.0").unloads();
        Manifest { topics: TopicSet::ALL, grants: GrantSet::ALL, ..it }
    };

    fn create(host: Host, config: Config) -> Result<Self, Error> {
        let wishes: Wishes = config.get()?;
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        let notes = Arc::new(Notes(wishes.notes.as_ref().map(open).transpose()?.map(Mutex::new)));
        notes.add(&json!({ "did": "create", "granted": host.granted() }));
        if let Some(reason) = &wishes.refuse {
            return Err(reason.clone().into());
        }
        let asker = wishes.asks.clone().map(|path| {
            let (over, host, notes) =
                (Arc::new(AtomicBool::new(false)), host.clone(), notes.clone());
            let end = over.clone();
            (over, spawn(move || ask(&path, &host, &notes, &end)))
        });
        Ok(Self { host, wishes, notes, asker })
    }

    fn on_event(&mut self, event: &Delivery) -> Result<(), Error> {
        let reply_to = event.reply_to.map(ramson_sdk::RequestId::number);
        self.notes.add(&json!({ "seq": event.seq, "reply_to": reply_to, "told": event.event }));
        if let Some(millis) = self.wishes.slow {
            sleep(Duration::from_millis(millis));
        }
        let Some((account, message, text)) = event.incoming_text() else { return Ok(()) };
        let is = |wish: &Option<String>| wish.as_ref().is_some_and(|it| text.contains(it.as_str()));
        if is(&self.wishes.panic_at) {
            let nothing: Vec<u8> = text.bytes().take(0).collect();
            #[allow(clippy::indexing_slicing, reason = "it is meant to panic")]
            self.notes.add(&json!(nothing[text.len()]));
        }
        if is(&self.wishes.hang_at) {
            loop {
                park();
            }
        }
        let taken = (0..self.wishes.flood)
            .filter(|_| self.host.query(Query::Conversations { account }).is_ok())
            .count();
        if self.wishes.flood > 0 {
            (0..self.wishes.flood).for_each(|at| self.host.log(Level::Info, &format!("{at}")));
            self.notes.add(&json!({ "did": "flood", "taken": taken }));
        }
        if let Some(echo) = &self.wishes.echo {
            self.host.reply(account, message, format!("{echo}{text}"))?;
        }
        Ok(())
    }
}

/// Submits what a test writes into a file, until it is over.
fn ask(path: &PathBuf, host: &Host, notes: &Notes, over: &AtomicBool) {
    let Ok(file) = OpenOptions::new().read(true).append(true).create(true).open(path) else {
        return;
    };
    let mut lines = BufReader::new(file);
    let mut line = String::new();
    while !over.load(Ordering::Relaxed) {
        // The end of the file is only the end for now.
        match lines.read_line(&mut line) {
            Ok(1..) if line.ends_with('\n') => {
                let asked = request(&line).map(|request| host.submit(&request));
                notes.add(&match asked {
                    Ok(Ok(id)) => json!({ "asked": line.trim(), "id": id.number() }),
                    Ok(Err(error)) => json!({ "asked": line.trim(), "error": error.to_string() }),
                    Err(error) => json!({ "asked": line.trim(), "error": error.to_string() }),
                });
                line.clear();
            }
            _ => sleep(Duration::from_millis(5)),
        }
    }
}

fn request(line: &str) -> Result<Request, serde_json::Error> {
    let (kind, payload): (String, Value) = serde_json::from_str(line)?;
    Ok(match kind.as_str() {
        "command" => Request::Command(serde_json::from_value(payload)?),
        "query" => Request::Query(serde_json::from_value(payload)?),
        _ => Request::Control(serde_json::from_value(payload)?),
    })
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some((over, thread)) = self.asker.take() {
            over.store(true, Ordering::Relaxed);
            let _ended = thread.join();
        }
        self.notes.add(&json!({ "did": "drop" }));
        #[allow(clippy::panic, reason = "it is meant to")]
        if self.wishes.panic_in_drop {
            panic!("dropped in a bad moment");
        }
    }
}

ramson_sdk::plugin!(Trial);
