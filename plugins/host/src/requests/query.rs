//! Questions.

use std::collections::BTreeSet;
use std::time::Duration;

use ramson_abi::MAX_EVENT;
use ramson_system::{Engine, EngineError, LedgerSubject};
use ramson_types::AccountId;
use ramson_types::MessageId;
use ramson_types::ledger::LedgerLine;
use ramson_wire::{Answer, ConversationId, Message, Query, Trace};

use super::{engine, find, is_in_scope, records};
use crate::convert::conversation::{account, conversation};
use crate::convert::ids::{account_id, account_of, conversation_of, message_of};
use crate::convert::message::message;
use crate::convert::network::network;
use crate::convert::refusal::{Refused, of_engine, refusal};
use crate::convert::trace;
use crate::gate::Gate;
use crate::host::Host;
use crate::seat::Seat;
use crate::shared::{Attached, Shared};

/// So many messages at once.
const MOST_MESSAGES: usize = 1_000;

/// So long the members of a swarm are waited for.
const SWARM_TIME: Duration = Duration::from_secs(5);

/// Answers a question.
pub(super) async fn answer(
    host: &Host,
    shared: &Shared,
    seat: &Seat,
    query: Query,
) -> Refused<Answer> {
    let gate = &seat.gate;
    if query == Query::Plugins {
        return Ok(Answer::Plugins { plugins: gate.plugins(&host.listed()) });
    }
    let Attached { engine, info, .. } = engine(shared)?;
    let asked = match query {
        Query::Record { key } => {
            records::one(&engine, &seat.name, key).await.map_err(Trouble::from)
        }
        Query::Records { prefix, after, limit } => {
            let found = records::several(&engine, &seat.name, prefix, after, limit).await;
            found.map_err(Trouble::from)
        }
        query => of(&engine, &info.network, gate, query).await,
    };
    asked.map_err(|error| match error {
        Trouble::Engine(error) => of_engine(&error),
        Trouble::Refused(refusal) => refusal,
    })
}

/// Why there is no answer.
enum Trouble {
    Engine(EngineError),
    Refused(ramson_wire::Refusal),
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<ramson_wire::Refusal> for Trouble {
    fn from(refusal: ramson_wire::Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn of(
    engine: &Engine,
    network_name: &str,
    gate: &Gate,
    query: Query,
) -> Result<Answer, Trouble> {
    Ok(match query {
        Query::Accounts => {
            let mut accounts = Vec::new();
            for summary in engine.accounts().await? {
                if gate.sees_account(&account_id(&summary.id)) {
                    accounts.push(account(&engine.profile(&summary.id).await?));
                }
            }
            Answer::Accounts { accounts }
        }
        Query::Conversations { account } => {
            let lines = engine.conversations(&account_of(&account)?).await?;
            let lines = lines.iter().map(conversation);
            Answer::Conversations {
                conversations: lines.filter(|line| gate.sees(&line.id)).collect(),
            }
        }
        Query::Conversation { account, conversation: which } => {
            let which = conversation_of(&which)?;
            let lines = engine.conversations(&account_of(&account)?).await?;
            let line = lines.iter().find(|line| line.id == which);
            Answer::Conversation { conversation: line.map(conversation) }
        }
        Query::Messages { account, conversation, before, limit } => {
            messages(engine, &account_of(&account)?, &conversation, before, limit).await?
        }
        Query::Message { account, message: which } => {
            let account = account_of(&account)?;
            let found = find(engine, &account, which).await?;
            if let Some(found) = &found {
                is_in_scope(gate, found)?;
            }
            Answer::Message { message: found.map(|found| message(&account, &found)) }
        }
        Query::Trace { account, message } => {
            Answer::Trace { trace: way(engine, gate, &account_of(&account)?, message).await? }
        }
        Query::Network { account } => {
            let account = account_of(&account)?;
            let status = engine.network_status().await?;
            // Where they have to be asked for first, they come later.
            let swarm = tokio::time::timeout(SWARM_TIME, engine.swarm_of(account)).await;
            let swarm = swarm.ok().and_then(Result::ok).unwrap_or_default();
            Answer::Network { network: network(network_name, &account, &status, &swarm) }
        }
        Query::Resolve { account, name } => {
            let id = engine.resolve(&name, Some(&account_of(&account)?)).await?;
            Answer::Name { id: account_id(&id) }
        }
        // Answered before.
        Query::Plugins => Answer::Plugins { plugins: Vec::new() },
        Query::Record { .. } | Query::Records { .. } | Query::Alarm { .. } => Answer::Done,
    })
}

async fn messages(
    engine: &Engine,
    account: &AccountId,
    conversation: &ConversationId,
    before: Option<ramson_wire::MessageId>,
    limit: u32,
) -> Result<Answer, Trouble> {
    let limit = usize::try_from(limit).unwrap_or(MOST_MESSAGES).min(MOST_MESSAGES);
    let (which, before) = (conversation_of(conversation)?, before.map(message_of));
    // One more tells whether there are others before them.
    let found = engine.messages_before(account, which, before, limit.saturating_add(1)).await?;
    let asked = found.iter().rev().take(limit).map(|found| message(account, found));
    let mut messages = what_fits(asked);
    let complete = messages.len() == found.len();
    messages.reverse();
    Ok(Answer::Messages { messages, complete })
}

/// Those at the beginning that fit into one event however they are written.
fn what_fits(messages: impl Iterator<Item = Message>) -> Vec<Message> {
    let mut room = MAX_EVENT;
    let mut fitting = Vec::new();
    for message in messages {
        let size = longest(&message);
        // One fits always.
        if size > room && !fitting.is_empty() {
            break;
        }
        room = room.saturating_sub(size);
        fitting.push(message);
    }
    fitting
}

/// The most bytes that a message can take: each byte of a text may need six.
fn longest(message: &Message) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let pairs = message.preview.iter().map(|preview| (&preview.url, &preview.title));
    let pairs = pairs.chain(message.invitation.iter().map(|it| (&it.url, &it.name)));
    let pairs: usize = pairs.map(|(url, name)| url.len().saturating_add(name.len())).sum();
    let attached = message.attachments.iter().map(|it| {
        let words = text(&it.name).saturating_add(text(&it.content_type));
        words.saturating_add(text(&it.caption)).saturating_add(32)
    });
    let reactions = message.reactions.iter().map(|it| it.emoji.len().saturating_add(32));
    let texts = [text(&message.text), pairs, attached.sum(), reactions.sum()];
    texts.iter().fold(512, |sum: usize, more| sum.saturating_add(*more)).saturating_mul(6)
}

/// The way of one message: the lines about it, and those about its copies that
/// are about no other message.
async fn way(
    engine: &Engine,
    gate: &Gate,
    account: &AccountId,
    asked: ramson_wire::MessageId,
) -> Result<Trace, Trouble> {
    let id = message_of(asked);
    match find(engine, account, asked).await? {
        Some(found) => is_in_scope(gate, &found)?,
        // Of one that was deleted the ledger still knows, but not where it was.
        None if gate.sees_all_conversations() && is_of(engine, account, id).await? => {}
        None => return Err(no_such(id).into()),
    }
    let mut lines = engine.ledger(LedgerSubject::Message(id)).await?;
    let hashes: BTreeSet<_> = lines.iter().filter_map(|line| line.hash).collect();
    for hash in hashes {
        let of_copy = engine.ledger(LedgerSubject::Hash(hash)).await?;
        let new = |line: &LedgerLine| line.message.is_none() && !lines.contains(line);
        let new: Vec<_> = of_copy.into_iter().filter(new).collect();
        lines.extend(new);
    }
    lines.sort_by_key(|line| line.at);
    Ok(trace::trace(id, &lines))
}

async fn is_of(engine: &Engine, account: &AccountId, id: MessageId) -> Result<bool, EngineError> {
    let accounts = engine.accounts().await?;
    Ok(accounts.iter().any(|it| it.id == *account && it.number == id.account))
}

fn no_such(id: MessageId) -> ramson_wire::Refusal {
    refusal("NoSuchMessage", format_args!("there is no message {id}; it may have been deleted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(letters: usize) -> Message {
        let id = ramson_wire::MessageId { account: 1, number: 1 };
        let author = ramson_wire::AccountId([5; 33]);
        Message {
            sent: u64::MAX,
            received: u64::MAX,
            text: Some("\u{1}".repeat(letters)),
            quote: Some(ramson_wire::Quote { author, sent: u64::MAX }),
            mentions_me: true,
            hash: Some("h".repeat(43)),
            ..Message::new(id, author.into(), author)
        }
    }

    #[test]
    fn long_messages_come_fewer_at_once_so_that_they_fit() {
        use ramson_wire::codec::{Encoding, encode_event};
        use ramson_wire::{Event, Reply};

        for letters in [0, 2_000, 76_000] {
            let messages = what_fits((0..MOST_MESSAGES).map(|_| long(letters)));
            assert!(!messages.is_empty());
            let all = letters < 76_000;
            assert_eq!(messages.len() == MOST_MESSAGES, all, "{letters}: {}", messages.len());
            let answer = Answer::Messages { messages, complete: false };
            let bytes = encode_event(&Event::Reply(Reply::Ok(answer)), Encoding::Json).unwrap();
            assert!(all || bytes.len() > MAX_EVENT / 2);
        }
        assert_eq!(what_fits(std::iter::once(long(3_000_000))).len(), 1);
    }
}
