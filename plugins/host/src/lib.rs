//! Loads plugins, and stands between them and the engine.
//!
//! A plugin's life: its library is found, its descriptor is read from the file
//! without running anything, a private copy is mapped, the plugin's thread
//! creates it, a snapshot and then events reach it through its queue, and it is
//! destroyed. What panics or hangs is forgotten instead: it is never called
//! again, and its mapping stays.
//!
//! | file | what |
//! |---|---|
//! | `host` | the handle: load, stop, swap, list, use a UI |
//! | `library/` | a library as a file, and mapped; almost all `unsafe` is there |
//! | `link` | what a plugin is asked to do, wherever it runs |
//! | `child/` | a plugin in a process of its own |
//! | `worker` | the plugin's thread, which calls it |
//! | `watchdog` | how long a call takes |
//! | `restart` | when what failed is started again |
//! | `slot` | the main thread, which UIs take turns on |
//! | `seat` | one running plugin as the rest of the host sees it |
//! | `queue`, `prepared` | what waits for a plugin, encoded once for all |
//! | `chatter` | what a plugin writes to the log |
//! | `clock` | the time |
//! | `gate` | what one plugin may do and hear |
//! | `decisions` | what the user decided: `plugins.toml` |
//! | `shared` | who is there, and which engine runs |
//! | `pump`, `snapshot` | what happens, to all plugins that hear of it |
//! | `happening` | what is told of something that happened to an account |
//! | `head` | what happens now, read once for all durable plugins |
//! | `feeder`, `progress`, `desk` | durable plugins: each is told from its own place, and says what it is done with |
//! | `requests` | what plugins ask for, carried out |
//! | `convert/` | the engine's model and the plugins' |
//! | `window` | where the user is, from one UI to the next |
//! | `steps`, `text` | what people read: the steps of a message's way |
//! | `file` | small files for their owner alone |

mod chatter;
mod child;
mod clock;
mod convert;
mod decisions;
mod desk;
mod feeder;
mod file;
mod gate;
mod happening;
mod head;
mod host;
mod library;
mod link;
mod prepared;
mod progress;
mod pump;
mod queue;
mod requests;
mod restart;
mod seat;
mod shared;
mod slot;
mod snapshot;
pub mod steps;
#[cfg(test)]
mod testing;
pub mod text;
#[cfg(test)]
mod trial;
mod watchdog;
mod window;
mod worker;

pub use child::{ChildCommand, serve as serve_plugin};
pub use convert::refusal::{kind_of, kind_of_host};
pub use file::{Readers, put_in_place};
pub use host::{Allowed, EngineInfo, Errand, Host, HostConfig, HostError, Limits, check};
pub use host::{Gone, Guest, GuestLine, GuestPlan, Told};
pub use library::{Descriptor, Report, is_path, name_of};
pub use prepared::Prepared;
pub use slot::{SlotEnd, UiSlot};
