//! What must hold of the devices of one account: they show the same, what was
//! deleted stays deleted, and what disappears is gone at its time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ramson_protocol::store::Copy;
use ramson_types::conversation::Conversation;
use ramson_types::message::{ExpiresFrom, Message, MessageKind, MessageName, MessageState};

use super::World;
use super::client::{ClientHost, Home};
use super::queue::Host;

/// A message whose time is over may be there for so long: a commit takes time,
/// and a clock is not exact.
const GRACE: Duration = Duration::from_secs(5);

/// Who was asleep or dead has so long to look at the clock again.
const WAKE_GRACE: Duration = Duration::from_secs(30);

/// Field by field what two devices have to agree on.
type Fields = BTreeMap<String, String>;

impl World {
    /// Whether a client has nothing to do any more.
    pub(crate) fn is_quiet(&self, client: usize) -> bool {
        let Some(host) = self.clients.get(client) else { return true };
        let home = host.home.borrow();
        let Some(engine) = self.engine(client) else { return true };
        let account = engine.account.borrow();
        home.errands.is_empty() && account.unstored_configs() == 0 && home.sync.done
    }

    pub(crate) fn compare_devices(&self) {
        let accounts: BTreeSet<usize> = self.clients.iter().map(|client| client.account).collect();
        for account in accounts {
            let devices: Vec<&ClientHost> =
                self.clients.iter().filter(|client| client.account == account).collect();
            let hidden: BTreeSet<MessageName> = {
                let tally = self.tally.borrow();
                let own = |client: &usize| devices.iter().any(|device| device.number == *client);
                let here = tally.deleted_here.iter().filter(|(client, _)| own(client));
                here.map(|(_, name)| name.clone()).collect()
            };
            let shown: Vec<(usize, Fields)> = devices
                .iter()
                .map(|device| (device.number, shown_by(&device.home.borrow(), &hidden)))
                .collect();
            if let Some(((first, expected), others)) = shown.split_first() {
                for (number, fields) in others {
                    self.tell_differences(*first, expected, *number, fields);
                }
            }
        }
        self.check_deleted();
        for client in &self.clients {
            self.check_unread(client);
        }
    }

    /// What a line says is unread, is so.
    fn check_unread(&self, client: &ClientHost) {
        let home = client.home.borrow();
        for line in home.conversations.values() {
            let unread = home.messages.values().filter(|message| {
                message.conversation == line.id
                    && message.author != client.id
                    && message.kind == MessageKind::Visible
                    && message.state != MessageState::Read
                    && !message.deleted
                    && message.sent > line.last_read
            });
            let (mut count, mut mentions) = (0, 0);
            for message in unread {
                count += 1;
                mentions += u64::from(message.mentions_me);
            }
            if (count, mentions) != (line.unread, line.mentions) {
                let (unread, told) = (line.unread, line.mentions);
                let what = format_args!(
                    "{} has {count} unread and {mentions} mentions, its line says {unread} and {told}",
                    line.id
                );
                self.complain(Host::Client(client.number), what);
            }
        }
    }

    fn tell_differences(&self, first: usize, expected: &Fields, number: usize, fields: &Fields) {
        let keys: BTreeSet<&String> = expected.keys().chain(fields.keys()).collect();
        for key in keys {
            let (one, other) = (expected.get(key), fields.get(key));
            if one != other {
                let (one, other) = (one.map_or("-", |v| v), other.map_or("-", |v| v));
                let what = format_args!("{key}: {other}, but client {first} has {one}");
                self.complain(Host::Client(number), what);
            }
        }
    }

    fn check_deleted(&self) {
        let tally = self.tally.borrow();
        for (account, name) in &tally.deleted {
            for client in self.clients.iter().filter(|client| client.account == *account) {
                let home = client.home.borrow();
                let back = home.messages.values().find(|message| {
                    message.name() == *name
                        && message.kind == MessageKind::Visible
                        && !message.deleted
                });
                if let Some(message) = back {
                    let what = format_args!("{} was deleted and is there: {name:?}", message.id);
                    self.complain(Host::Client(client.number), what);
                }
            }
        }
    }

    /// Called every second: nothing is shown whose time is over.
    pub(crate) fn check_timers(&self) {
        if !self.plan.acts {
            return;
        }
        let now = self.queue.now();
        for client in &self.clients {
            let Some(engine) = self.engine(client.number) else { continue };
            if now.since(engine.awake_since()) < WAKE_GRACE {
                continue;
            }
            let (home, tally) = (client.home.borrow(), self.tally.borrow());
            // What its recipient may still read does not go unsent, and goes
            // once it was stored.
            let just_stored = |message: &Message| {
                let stored = tally.stored.get(&(client.number, message.id));
                stored.is_some_and(|stored| now.since(*stored) < GRACE)
            };
            let over = home.messages.values().find(|message| {
                let ends = message.expiry.and_then(|expiry| expiry.ends);
                ends.is_some_and(|ends| ends.plus(GRACE) < now)
                    && !waits(&home, message)
                    && !just_stored(message)
            });
            if let Some(message) = over {
                let what = format_args!("{} is there after its time: {message:?}", message.id);
                self.complain(Host::Client(client.number), what);
            }
        }
    }
}

/// An own message that its recipient may still read does not go unsent.
fn waits(home: &Home, message: &Message) -> bool {
    message.expiry.is_some_and(|expiry| expiry.from == ExpiresFrom::Read)
        && home
            .outbox
            .values()
            .any(|entry| (entry.message, entry.copy) == (message.id, Copy::Recipient))
}

fn shown_by(home: &Home, hidden: &BTreeSet<MessageName>) -> Fields {
    let mut fields = Fields::new();
    for line in home.conversations.values() {
        // What was deleted on one device only may have been unread there.
        let same = !hidden.iter().any(|name| name.conversation == line.id);
        add_line(line, same, &mut fields);
    }
    for message in home.messages.values() {
        // A device that saw a message before it was deleted shows that there
        // was one; the others do not.
        if !message.deleted && !hidden.contains(&message.name()) {
            add_message(message, &mut fields);
        }
    }
    fields
}

fn add_line(line: &Conversation, count: bool, fields: &mut Fields) {
    let Conversation {
        id,
        name,
        nickname,
        picture,
        approved,
        approved_me,
        blocked,
        priority,
        muted_until,
        notify,
        disappearing,
        created,
        // Of a message that was deleted, perhaps.
        latest: _,
        unread,
        mentions,
        marked_unread,
        last_read,
        read_handled: _,
        // Of this device only.
        draft: _,
    } = line;
    let mut put = |field: &str, value: String| {
        fields.insert(format!("conversation {id}: {field}"), value);
    };
    put("name", format!("{name:?}"));
    put("nickname", format!("{nickname:?}"));
    put("picture", format!("{picture:?}"));
    put("approved", format!("{approved} {approved_me} {blocked}"));
    put("priority", priority.to_string());
    put("muted until", muted_until.to_string());
    put("notify", format!("{notify:?}"));
    put("disappearing", format!("{disappearing:?}"));
    put("created", created.to_string());
    put("marked unread", marked_unread.to_string());
    if count {
        put("unread", format!("{unread}, {mentions} mentions"));
    }
    put("last read", last_read.to_string());
}

fn add_message(message: &Message, fields: &mut Fields) {
    let MessageName { conversation, author, sent } = message.name();
    let kind = message.kind;
    let mut reactions: Vec<String> = message
        .reactions
        .iter()
        .filter(|reaction| !reaction.removed)
        .map(|reaction| format!("{} {}", reaction.author, reaction.emoji))
        .collect();
    reactions.sort();
    let mut put = |field: &str, value: String| {
        fields.insert(format!("{kind:?} in {conversation} by {author} at {sent}: {field}"), value);
    };
    put("text", format!("{:?}", message.text));
    put("reactions", reactions.join(", "));
    put("state", format!("{:?}", message.state));
    put("own hash", format!("{:?}", message.own_hash));
    put("expiry", format!("{:?}", message.expiry));
    put("mentions", message.mentions_me.to_string());
}
