use ramson_wire::{
    AccountId, Attachment, Change, ConversationId, Disappearing, Invitation, Message, MessageId,
    MessageState, Notice, Reaction,
};

use super::gist::Gist;
use super::merge::{change_message, merge};

fn message() -> Message {
    Message {
        outgoing: true,
        sent: 1,
        received: 1,
        state: MessageState::Queued,
        text: Some("text".to_owned()),
        ..Message::new(
            MessageId { account: 1, number: 1 },
            ConversationId("05".to_owned()),
            AccountId([5; 33]),
        )
    }
}

fn attachment(content_type: &str) -> Attachment {
    Attachment {
        name: None,
        content_type: Some(content_type.to_owned()),
        size: 0,
        voice: false,
        caption: None,
    }
}

#[test]
fn a_message_in_a_few_words_says_what_it_is() {
    let said = |message: &Message| match Gist::of(message) {
        Gist::Text(text) | Gist::Said(text) => text,
        Gist::Deleted => "deleted".to_owned(),
    };
    let mut it = message();
    it.text = Some(format!(" two\n\twords {}", "x".repeat(500)));
    assert!(said(&it).starts_with("two words x"));
    assert_eq!(said(&it).chars().count(), 160);
    it.text = Some("  ".to_owned());
    for (kind, name) in [("image/png", "Photo"), ("video/mp4", "Video"), ("x/y", "File")] {
        it.attachments = vec![attachment(kind)];
        assert_eq!(said(&it), name);
    }
    it.attachments.push(attachment("audio/ogg"));
    assert_eq!(said(&it), "2 attachments");
    it.invitation = Some(Invitation { url: "https://h/r".to_owned(), name: "Room".to_owned() });
    assert_eq!(said(&it), "Invitation to Room");
    it.notice = Some(Notice::Timer { setting: Disappearing::Off });
    assert_eq!(said(&it), "Messages stay from now on");
    it.deleted = true;
    assert_eq!(said(&it), "deleted");
}

#[test]
fn a_message_that_was_taken_back_does_not_come_back() {
    let mut kept = message();
    change_message(&mut kept, &Change::Deleted);
    merge(&mut kept, message());
    assert!(kept.deleted && kept.text.is_none());
    let reaction = Reaction { author: AccountId([5; 33]), emoji: "👍".to_owned(), at: 1 };
    change_message(&mut kept, &Change::Reaction { reaction, removed: false });
    assert!(kept.reactions.is_empty());
}

#[test]
fn a_state_only_goes_forward_and_a_hash_is_not_lost() {
    let mut kept = message();
    change_message(&mut kept, &Change::Stored { hash: "h".to_owned(), nodes: Vec::new() });
    merge(&mut kept, message());
    assert_eq!((&kept.state, kept.hash.as_deref()), (&MessageState::Stored, Some("h")));
    let failed = MessageState::Failed { reason: "late".to_owned() };
    change_message(&mut kept, &Change::State { state: failed });
    assert_eq!(kept.state, MessageState::Stored);
}

#[test]
fn an_emoji_of_somebody_is_there_once() {
    let mut kept = message();
    let reaction = |at| Reaction { author: AccountId([5; 33]), emoji: "👍".to_owned(), at };
    for at in [1, 2] {
        let change = Change::Reaction { reaction: reaction(at), removed: false };
        change_message(&mut kept, &change);
    }
    assert_eq!(kept.reactions, [reaction(2)]);
    change_message(&mut kept, &Change::Reaction { reaction: reaction(3), removed: true });
    assert!(kept.reactions.is_empty());
}
