//! Where the user is, for the next UI: in memory, and in `window.json`.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ramson_wire::{AccountId, ConversationId, Refusal, Window};
use tokio::sync::Notify;

use crate::convert::refusal;
use crate::file::{Readers, put_in_place};
use crate::gate::Gate;

const NAME: &str = "window.json";

/// A longer file is none of ours.
const LONGEST: u64 = 256 * 1024;

/// It is written at most once in this time.
const PAUSE: Duration = Duration::from_secs(1);

/// Keeps where the user is.
#[derive(Clone)]
pub(crate) struct Places {
    kept: Arc<Kept>,
}

struct Kept {
    window: Mutex<State>,
    /// Locked while the file is written.
    writing: Mutex<()>,
    changed: Notify,
}

struct State {
    path: PathBuf,
    window: Window,
    written: bool,
}

impl Places {
    /// Reads the file of a home. One that makes no sense is passed over: the
    /// next UI begins at the beginning.
    pub(crate) fn open(home: &Path) -> Self {
        let path = home.join(NAME);
        let window = Mutex::new(State { window: read_or_none(&path), path, written: true });
        let (writing, changed) = (Mutex::default(), Notify::new());
        Self { kept: Arc::new(Kept { window, writing, changed }) }
    }

    /// Where the user was in another home counts from now on.
    pub(crate) fn move_to(&self, home: &Path) {
        // Where they were in the home before is not lost.
        self.write_here();
        let path = home.join(NAME);
        *self.lock() = State { window: read_or_none(&path), path, written: true };
    }

    /// Where the user is.
    pub(crate) fn get(&self) -> Window {
        self.lock().window.clone()
    }

    /// The user is somewhere else now, as a UI says that sees so much. Places
    /// that it does not see stay as they were, as far as there is room.
    pub(crate) fn set(&self, window: Window, gate: &Gate) -> Result<(), Refusal> {
        let mut window = seen(window, gate);
        check(&window)?;
        let mut state = self.lock();
        let mut room = Window::MOST_PLACES.saturating_sub(window.count_places());
        for (account, places) in &state.window.places {
            let unseen = places.iter().filter(|(place, _)| !sees(gate, account, place));
            for (id, place) in unseen.take(room) {
                room = room.saturating_sub(1);
                window.places.entry(*account).or_default().insert(id.clone(), place.clone());
            }
        }
        if state.window != window {
            state.window = window;
            state.written = false;
            self.kept.changed.notify_one();
        }
        Ok(())
    }

    /// Writes it now and then, for ever.
    pub(crate) async fn keep(&self) {
        loop {
            self.kept.changed.notified().await;
            self.write().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Writes what was not written yet.
    pub(crate) async fn write(&self) {
        let this = self.clone();
        // It cannot fail but by a panic, and then there is nothing to write.
        let _written = tokio::task::spawn_blocking(move || this.write_here()).await;
    }

    fn write_here(&self) {
        let _writing = self.kept.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, window) = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.written, true) {
                return;
            }
            (state.path.clone(), state.window.clone())
        };
        let text = serde_json::to_string(&window).unwrap_or_default();
        if let Err(error) = put_in_place(&path, &text, Readers::Owner) {
            tracing::warn!("{} is not written: {error}", path.display());
            // With the next change, or at the end.
            self.lock().written = false;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.kept.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sees(gate: &Gate, account: &AccountId, conversation: &ConversationId) -> bool {
    gate.sees_account(account) && gate.sees(conversation)
}

/// What of a window is for a UI that sees so much.
pub(crate) fn seen(mut window: Window, gate: &Gate) -> Window {
    window.account = window.account.filter(|account| gate.sees_account(account));
    let account = window.account;
    let conversation = window.conversation.take();
    window.conversation = conversation.filter(|id| account.is_some() && gate.sees(id));
    for (account, places) in &mut window.places {
        places.retain(|place, _| sees(gate, account, place));
    }
    window.places.retain(|_, places| !places.is_empty());
    window
}

/// Whether so much of a window is kept.
fn check(window: &Window) -> Result<(), Refusal> {
    let (places, settings) = (window.count_places(), window.settings.len());
    let (most_places, most) = (Window::MOST_PLACES, Window::MOST_SETTINGS);
    if places > most_places {
        let text = format_args!(
            "the window has {places} places; at most {most_places} are kept, so leave some out"
        );
        return Err(refusal::refusal("TooManyPlaces", text));
    }
    if settings > most {
        let text = format_args!(
            "the window has {settings} settings; at most {most} are kept, so leave some out"
        );
        return Err(refusal::refusal("TooManySettings", text));
    }
    let longest = Window::LONGEST_SETTING;
    let mut sizes = window.settings.iter().map(|(name, value)| name.len().max(value.len()));
    if let Some(size) = sizes.find(|size| *size > longest) {
        let text = format_args!(
            "a setting of the window has {size} bytes; at most {longest} are kept, so shorten it"
        );
        return Err(refusal::refusal("SettingTooLong", text));
    }
    Ok(())
}

fn read_or_none(path: &Path) -> Window {
    read(path).unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!("{} is not used: {error}", path.display());
        }
        Window::default()
    })
}

fn read(path: &Path) -> io::Result<Window> {
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    serde_json::from_str(&text).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ramson_wire::{AccountId, ConversationId, MessageId, Place};

    use super::*;

    const MOST_PLACES: usize = Window::MOST_PLACES;

    fn all() -> Gate {
        Gate::new(crate::testing::everything("ui"))
    }

    fn window(places: usize) -> Window {
        let place = |n: usize| {
            let message = MessageId { account: 1, number: n as u64 };
            (ConversationId(format!("https://host/room{n}")), Place { message, below: 0 })
        };
        let account: AccountId = format!("05{}", "ab".repeat(32)).parse().unwrap();
        let places: BTreeMap<_, _> = (0..places).map(place).collect();
        Window { places: BTreeMap::from([(account, places)]), ..Window::default() }
    }

    #[tokio::test]
    async fn the_next_ui_goes_on_where_the_one_before_it_stopped() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::open(home.path());
        assert_eq!(places.get(), Window::default());
        places.set(window(3), &all()).unwrap();
        assert_eq!(places.get(), window(3));
        places.write().await;
        assert_eq!(Places::open(home.path()).get(), window(3));
    }

    #[tokio::test]
    async fn what_changed_is_written_by_itself() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::open(home.path());
        let keeper = tokio::spawn({
            let places = places.clone();
            async move { places.keep().await }
        });
        places.set(window(1), &all()).unwrap();
        let written = async {
            while Places::open(home.path()).get() != window(1) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), written).await.unwrap();
        keeper.abort();
    }

    #[tokio::test]
    async fn each_home_keeps_its_own_place_when_the_user_moves_to_another() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let places = Places::open(first.path());
        places.set(window(1), &all()).unwrap();
        places.move_to(second.path());
        assert_eq!(places.get(), Window::default());
        places.set(window(2), &all()).unwrap();
        places.write().await;
        assert_eq!(Places::open(first.path()).get(), window(1));
        assert_eq!(Places::open(second.path()).get(), window(2));
    }

    #[test]
    fn too_many_places_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::open(home.path());
        places.set(window(MOST_PLACES), &all()).unwrap();
        let refusal = places.set(window(MOST_PLACES + 1), &all()).unwrap_err();
        assert_eq!(refusal.kind, "TooManyPlaces");
        assert_eq!(places.get(), window(MOST_PLACES));
    }

    #[test]
    fn too_many_or_too_long_settings_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::open(home.path());
        let with = |settings: BTreeMap<String, String>| Window { settings, ..Window::default() };
        let many = |count: usize| with((0..count).map(|n| (n.to_string(), "x".into())).collect());
        let long = |size: usize| with(BTreeMap::from([("theme".into(), "x".repeat(size))]));
        places.set(many(Window::MOST_SETTINGS), &all()).unwrap();
        let refusal = places.set(many(Window::MOST_SETTINGS + 1), &all()).unwrap_err();
        assert_eq!(refusal.kind, "TooManySettings");
        places.set(long(Window::LONGEST_SETTING), &all()).unwrap();
        let refusal = places.set(long(Window::LONGEST_SETTING + 1), &all()).unwrap_err();
        assert_eq!(refusal.kind, "SettingTooLong");
    }

    #[test]
    fn a_file_that_makes_no_sense_is_passed_over() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(NAME), "{").unwrap();
        assert_eq!(Places::open(home.path()).get(), Window::default());
    }

    #[test]
    fn a_ui_sees_and_sets_only_what_is_of_its_accounts_and_conversations() {
        use crate::gate::Rules;

        let home = tempfile::tempdir().unwrap();
        let places = Places::open(home.path());
        let [one, two] = [1, 2].map(|number| AccountId([number; 33]));
        let [here, there] = ["here", "there"].map(|id| ConversationId(id.to_owned()));
        let at = |number| Place { message: MessageId { account: 1, number }, below: 0 };
        let in_both =
            |number| BTreeMap::from([(here.clone(), at(number)), (there.clone(), at(number))]);
        let whole = Window {
            account: Some(two),
            conversation: Some(here.clone()),
            places: BTreeMap::from([(one, in_both(1)), (two, in_both(1))]),
            settings: BTreeMap::from([("theme".into(), "dark".into())]),
        };
        places.set(whole.clone(), &all()).unwrap();
        let rules = Rules {
            accounts: Some(vec![one]),
            conversations: Some(vec![here.clone()]),
            ..crate::testing::everything("ui")
        };
        let narrow = Gate::new(rules);
        let own = BTreeMap::from([(one, BTreeMap::from([(here.clone(), at(1))]))]);
        let shown = Window { account: None, conversation: None, places: own, ..whole.clone() };
        assert_eq!(seen(places.get(), &narrow), shown);
        // What it does not see it leaves as it is.
        let moved = Window {
            account: Some(one),
            conversation: Some(there.clone()),
            places: BTreeMap::from([(one, in_both(7)), (two, in_both(7))]),
            settings: BTreeMap::new(),
        };
        places.set(moved, &narrow).unwrap();
        let now = places.get();
        assert_eq!((now.account, now.conversation), (Some(one), None));
        let mixed = BTreeMap::from([(here.clone(), at(7)), (there.clone(), at(1))]);
        assert_eq!(now.places, BTreeMap::from([(one, mixed), (two, in_both(1))]));
    }
}
