//! A home with much in it, for tests that look everywhere.

use ramson_view::testing::World;
use ramson_wire::{AccountId, Change, Disappearing, MessageState, Quote, Reaction};

/// A home with people who talk.
pub(super) fn lively() -> (World, AccountId, AccountId) {
    let mut world = World::new();
    let me = world.add_account("Ann");
    world.network.name = "mainnet".to_owned();
    let names = ["Echo", "Cleo", "图书馆", "דנה", "Gardening group of the old town", "Iris", "Mo"];
    for (number, name) in names.iter().enumerate() {
        let id = world.add_contact(me, name);
        let last =
            ["See you!", "💚", "你好，明天见", "שלום, מה שלומך?", "Who has seeds?", "ok", "…"];
        if number % 2 == 0 {
            world.receive(me, id, last[number]);
        } else {
            let sent = world.send(me, id, last[number]);
            world.alter(me, sent, Change::State { state: MessageState::Read });
        }
        if number > 3 {
            let sent = world.blank(me, &id.into()).sent;
            let conversation = id.into();
            world.change(me, &conversation, |it| {
                (it.unread, it.last_read) = (0, sent);
                it.priority = i64::from(number == 4);
                it.muted_until = if number == 5 { u64::MAX } else { 0 };
            });
        }
    }
    let bob = world.add_contact(me, "Bob");
    world.add_request(me, "Somebody", "hello, do you remember me?");
    world.change(me, &bob.into(), |it| it.disappearing = Disappearing::AfterSend(86_400));
    world.now += 3 * 3_600_000;
    world.receive(me, bob, "Good morning!");
    let asked = world.receive(me, bob, "Did you see the ramsons by the river? The whole bank is white, it smells of garlic up to the bridge.");
    let read =
        |world: &mut World, id| world.alter(me, id, Change::State { state: MessageState::Read });
    let reply = {
        let quoted = world.message(me, asked).unwrap().clone();
        let mut message = world.blank(me, &bob.into());
        message.outgoing = true;
        message.text = Some("Not yet, I go there on Sunday".to_owned());
        message.quote = Some(Quote { author: bob, sent: quoted.sent });
        world.put(me, message)
    };
    read(&mut world, reply);
    world.now += 20 * 60_000;
    let picture = world.receive(me, bob, "Here is the way, it begins behind the mill: https://example.org/walks/river-and-mill?from=bridge#map");
    for emoji in ["❤️", "👍"] {
        let reaction = Reaction { author: me, emoji: emoji.to_owned(), at: world.now };
        world.alter(me, picture, Change::Reaction { reaction, removed: false });
    }
    world.receive(me, bob, "שלום! נתראה ביום ראשון ליד הגשר");
    world.receive(me, bob, "🌿🌼");
    let sent = world.send(me, bob, "我们星期天见，记得带一个袋子。");
    world.alter(me, sent, Change::Stored { hash: "abc".to_owned(), nodes: vec![] });
    let failed = world.send(me, bob, "And bring the small knife");
    let reason = "no path answered".to_owned();
    world.alter(me, failed, Change::State { state: MessageState::Failed { reason } });
    world.send(me, bob, "See you!");
    (world, me, bob)
}
