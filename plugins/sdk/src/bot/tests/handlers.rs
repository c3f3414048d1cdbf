//! Which handler hears what, and what it can ask for.

use std::time::Duration;

use ramson_wire::{Change, Command, Event, Message, MessageId, Notice};

use super::super::filter::{contains, from, in_conversation, reply_to_me, starts_with};
use super::super::testing::{ANN, BEN, BOT};
use super::super::{Commands, Cx, Filter};
use super::*;

#[derive(Commands)]
enum Command1 {
    /// says how many
    Count,
    Help,
    Say {
        text: super::super::Rest,
    },
}

#[derive(Commands)]
enum Command2 {
    /// says more
    Extra,
    #[command(hide)]
    Help,
}

#[test]
fn the_first_handler_that_a_message_is_for_hears_it() {
    let mut bot = bot(|bot| {
        bot.otherwise(|cx, _| cx.say("otherwise"));
        bot.on(contains("tea"), |cx, _| cx.say("tea"));
        bot.on_text(|cx, text| if text == "none" { Ok(()) } else { cx.say("text") });
        bot.on(from(BEN), |cx, _| cx.say("never"));
    });
    assert_eq!(bot.asks(ANN, "Tea?"), ["tea"]);
    assert_eq!(bot.asks(BEN, "cake"), ["text"]);
    assert!(bot.asks(BEN, "none").is_empty());
    bot.write_with(ANN, "", |message| message.text = None);
    bot.settle();
    assert_eq!(bot.said_to(ANN), ["otherwise"]);
}

#[test]
fn own_messages_notices_and_deleted_ones_reach_no_handler() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, _| cx.say("heard"));
        bot.otherwise(|cx, _| cx.say("heard"));
    });
    let changes: [fn(&mut Message); 4] = [
        |message| message.outgoing = true,
        |message| message.author = BOT,
        |message| message.notice = Some(Notice::Screenshot),
        |message| message.deleted = true,
    ];
    for change in changes {
        bot.write_with(ANN, "hello", change);
        bot.settle();
    }
    assert!(bot.said().is_empty());
    assert_eq!(bot.asks(ANN, "hello"), ["heard"]);
}

#[test]
fn commands_are_parsed_and_what_is_wrong_with_them_is_said() {
    let mut bot = bot(|bot| {
        bot.on_command(|cx, command: Command1| match command {
            Command1::Count => cx.say("one"),
            Command1::Help => cx.say(cx.help()),
            Command1::Say { text } => cx.say(&*text),
        });
        bot.on_command(|cx, _: Command2| cx.say("more"));
        bot.on_text(|cx, _| cx.say("text"));
    });
    assert_eq!(bot.asks(ANN, "/COUNT"), ["one"]);
    assert_eq!(bot.asks(ANN, " /say a  b\nc "), ["a  b\nc"]);
    assert_eq!(bot.asks(ANN, "/extra"), ["more"]);
    assert_eq!(bot.asks(ANN, "/say"), ["<text…> is missing; write it like: /say <text…>"]);
    assert_eq!(bot.asks(ANN, "/extra x"), ["'x' is too much; write it like: /extra"]);
    let none = "there is no command '/no'; there are /count, /help, /say, /extra";
    assert_eq!(bot.asks(ANN, "/no"), [none]);
    let help = "/count: says how many\n/help\n/say <text…>\n/extra: says more";
    assert_eq!(bot.asks(ANN, "/help"), [help]);
    for none in ["/", "/ count", "/usr/bin", "/1", "a /count"] {
        assert_eq!(bot.asks(ANN, none), ["text"], "{none}");
    }
}

#[test]
fn a_bot_without_commands_takes_them_as_texts() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| cx.say(format!("echo: {text}")));
    });
    assert_eq!(bot.asks(ANN, "/help"), ["echo: /help"]);
}

#[test]
fn filters_look_at_who_where_and_what() {
    let mut bot = bot(|bot| {
        bot.on(reply_to_me(), |cx, _| cx.say("to me"));
        bot.on(from(ANN).and(starts_with("Hello")), |cx, _| cx.say("from Ann"));
        bot.on(in_conversation(BEN).and(contains("x").not()), |cx, _| cx.say("at Ben's"));
        let long = |_: &Cx, message: &Message| message.text.as_ref().is_some_and(|it| it.len() > 5);
        bot.on(long.or(contains("y")), |cx, _| cx.say("long"));
    });
    assert_eq!(bot.asks(ANN, "hello you"), ["from Ann"]);
    let id = bot.says(ANN, "hello you");
    let said = bot.said().remove(0).id;
    assert_eq!(bot.asks(BEN, "a"), ["at Ben's"]);
    assert_eq!(bot.asks(BEN, "xxxxxxx"), ["long"]);
    assert!(bot.asks(BEN, "x").is_empty());
    bot.replies(BEN, said, "what?");
    assert_eq!(bot.said_to(BEN), ["to me"]);
    assert_ne!(id, said);
}

#[test]
fn replies_quote_and_long_texts_become_several_messages() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| match text {
            "long" => cx.reply("word ".repeat(1_000)),
            _ => cx.reply("short"),
        });
    });
    let id = bot.says(ANN, "x");
    assert_eq!(bot.said().remove(0).reply_to, Some(id));
    let id = bot.says(ANN, "long");
    let quotes: Vec<_> = bot.said().iter().map(|said| said.reply_to).collect();
    assert_eq!(quotes, [Some(id), None, None]);
}

#[test]
fn other_devices_are_told_only_if_the_bot_wants_it() {
    fn is_unsynced(bot: &mut TestBot) -> bool {
        bot.refuse_commands(|command| matches!(command, Command::Send { unsynced: false, .. }));
        bot.asks(ANN, "hello") == ["hi"]
    }
    let mut quiet = bot(|bot| {
        bot.on_text(|cx, _| cx.say("hi"));
    });
    let mut loud = bot(|bot| {
        bot.on_text(|cx, _| cx.say("hi")).tells_other_devices();
    });
    assert!(is_unsynced(&mut quiet));
    assert!(!is_unsynced(&mut loud));
}

#[test]
fn reactions_of_others_are_heard_and_quoted() {
    let mut bot = bot(|bot| {
        bot.on_reaction(|cx, reacted| {
            let verb = if reacted.removed { "took" } else { "put" };
            cx.reply(format!("{verb} {}", reacted.reaction.emoji))
        });
    });
    let message = bot.says(ANN, "hello");
    bot.reacts(ANN, message, "👍", false);
    bot.reacts(ANN, message, "👍", false);
    bot.reacts(ANN, message, "👍", true);
    bot.reacts(BOT, message, "👍", false);
    let said = bot.said();
    let texts: Vec<_> = said.iter().map(|said| said.text.as_str()).collect();
    assert_eq!(texts, ["put 👍", "took 👍"]);
    assert_eq!(said[0].reply_to, Some(message));
}

#[test]
fn reactions_that_came_while_the_bot_was_down_are_heard_once() {
    let mut bot = bot(|bot| {
        bot.on_reaction(|cx, reacted| {
            cx.say(format!("{} {}", reacted.reaction.emoji, reacted.removed))
        });
    });
    let message = bot.says(ANN, "hello");
    bot.reacts(ANN, message, "a", false);
    assert_eq!(bot.said_to(ANN), ["a false"]);
    bot.crash();
    for (emoji, removed) in [("b", false), ("c", false), ("c", true), ("a", true)] {
        bot.reacts(ANN, message, emoji, removed);
    }
    bot.restart();
    assert_eq!(bot.said_to(ANN), ["a true", "b false"]);
    bot.reacts(ANN, message, "b", true);
    assert_eq!(bot.said_to(ANN), ["b true"]);
    assert!(bot.records().is_empty());
}

#[test]
fn what_has_a_name_is_known_again_also_after_a_crash() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| {
            cx.say("first")?;
            cx.say_named(&format!("poll/{text}"), "vote!")
        });
        bot.on_sent(|cx, message| {
            let Some(name) = cx.name().map(str::to_owned) else { return Ok(()) };
            cx.put(&message.id.to_string(), &name)
        });
    });
    bot.write(ANN, "1");
    assert!(bot.tell_next());
    assert!(bot.carry_out());
    bot.restart();
    bot.says(ANN, "2");
    let polls: Vec<_> = bot.said().into_iter().filter(|said| said.text == "vote!").collect();
    assert_eq!(bot.record(&polls[0].id.to_string()), Some("\"poll/1\"".to_owned()));
    assert_eq!(bot.record(&polls[1].id.to_string()), Some("\"poll/2\"".to_owned()));
    assert_eq!(bot.records().len(), 2);
}

#[test]
fn what_is_written_to_somebody_else_can_have_a_name_too() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| {
            cx.send(BEN, text)?;
            cx.send_named("news", BEN, text)?;
            cx.say(text)
        });
        bot.on_sent(|cx, message| match cx.name() {
            Some(_) => cx.put("named", &message.id),
            None => Ok(()),
        });
    });
    bot.says(ANN, "hello");
    let said = bot.said();
    assert_eq!(said.iter().map(|it| it.to).collect::<Vec<_>>(), [BEN, BEN, ANN]);
    // Both of Ben's have the same text: the name is taken by the first of them.
    let named = bot.record("named").unwrap();
    assert_eq!(named, serde_json::to_string(&said[0].id).unwrap());
    assert_eq!(bot.records(), ["named"]);
}

#[test]
fn what_has_a_key_is_written_once_to_each() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| {
            cx.send_keyed("alert/7", ANN, text)?;
            cx.send_keyed("alert/7", BEN, text)
        });
        bot.otherwise(|cx, _| {
            let long = cx.say_keyed(&"x".repeat(129), "x").unwrap_err();
            let none = cx.say_keyed("", "x").unwrap_err();
            cx.say(format!("{long}; {none}"))
        });
    });
    bot.refuse_commands(|command| matches!(command, Command::Send { to, .. } if *to == BEN));
    bot.says(ANN, "first");
    assert_eq!(bot.said().len(), 1);
    // What was refused was not done: it has its turn, and nothing else.
    bot.refuse_commands(|_| false);
    bot.restart();
    bot.says(ANN, "second");
    assert_eq!((bot.said_to(ANN), bot.said_to(BEN)), (vec![], vec!["second".to_owned()]));
    let long = "word ".repeat(1_000);
    bot.pass(Duration::from_secs(14 * 24 * 60 * 60));
    bot.says(ANN, &long);
    bot.says(ANN, &long);
    assert_eq!((bot.said_to(ANN).len(), bot.said_to(BEN).len()), (3, 3));
    bot.write_with(ANN, "", |message| message.text = None);
    bot.settle();
    let said = bot.said_to(ANN).concat();
    assert!(said.starts_with("'xxx") && said.contains("…' cannot be a key; take 1 to"), "{said}");
    assert!(said.contains("; '' cannot be a key"), "{said}");
}

#[test]
fn a_name_whose_message_was_refused_is_forgotten() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, _| cx.say_named("poll", "vote!"));
    });
    bot.refuse_commands(|_| true);
    bot.says(ANN, "x");
    assert!(bot.records().is_empty());
    assert!(said_in_log(&bot, Level::Warn).contains("not carried out: the test refuses it"));
}

#[test]
fn layers_go_around_handlers_and_may_stop_them() {
    let mut bot = bot(|bot| {
        bot.layer(|cx, next| {
            cx.say("before")?;
            next.run(cx)?;
            cx.say("after")
        });
        bot.layer(|cx, next| if cx.text() == "stop" { Ok(()) } else { next.run(cx) });
        bot.on_text(|cx, _| cx.say("text"));
        bot.on_reaction(|cx, _| cx.say("reaction"));
    });
    assert_eq!(bot.asks(ANN, "go"), ["before", "text", "after"]);
    assert_eq!(bot.asks(ANN, "stop"), ["before", "after"]);
    bot.reacts(ANN, MessageId { account: 1, number: 1 }, "👍", false);
    assert_eq!(bot.said_to(ANN), ["before", "reaction", "after"]);
}

#[test]
fn what_is_over_the_rate_limit_is_passed_over_and_said_once() {
    let mut bot = bot(|bot| {
        bot.rate_limit(2, Duration::from_secs(10)).rate_limit_says("slowly");
        bot.on_text(|cx, text| cx.say(text));
    });
    let heard: Vec<_> = ["a", "b", "c", "d"].map(|text| bot.asks(ANN, text)).concat();
    assert_eq!(heard, ["a", "b", "slowly"]);
    assert_eq!(bot.asks(BEN, "a"), ["a"]);
    bot.pass(Duration::from_secs(5));
    assert_eq!(bot.asks(ANN, "e"), ["e"]);
    assert_eq!(bot.asks(ANN, "f"), ["slowly"]);
    bot.restart();
    assert!(bot.said().is_empty(), "what was passed over is done with");
}

#[test]
fn a_message_counts_once_however_often_it_is_tried() {
    let mut bot = bot(|bot| {
        bot.rate_limit(2, Duration::from_secs(60));
        bot.on_text(|cx, text| if text == "bad" { Err("no".into()) } else { cx.say(text) });
    });
    bot.says(ANN, "bad");
    bot.pass(Duration::from_secs(7));
    assert_eq!(bot.asks(ANN, "good"), ["good"]);
}

#[test]
fn raw_events_are_heard_in_one_transaction_with_the_rest() {
    let mut bot = bot(|bot| {
        bot.on_event(|cx, delivery| match &delivery.event {
            Event::Message { .. } => {
                let count = cx.get::<u64>("events")?.unwrap_or(0);
                cx.put("events", &(count + 1))
            }
            _ => Ok(()),
        });
        bot.on_text(|_, text| if text == "bad" { Err("no".into()) } else { Ok(()) });
    });
    bot.says(ANN, "good");
    assert_eq!(bot.record("events"), Some("1".to_owned()));
    bot.says(ANN, "bad");
    bot.pass(Duration::from_secs(10));
    assert_eq!(bot.record("events"), Some("1".to_owned()));
}

#[test]
fn the_kits_own_records_are_neither_seen_nor_changed() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, _| {
            cx.timer("x", u64::MAX, "data")?;
            cx.put("a", &1)?;
            let all: Vec<(String, serde_json::Value)> = cx.scan("")?;
            let put = cx.put("kit/timer/x", &1).unwrap_err();
            let bad = cx.get::<u8>("a\n").unwrap_err();
            cx.say(format!("{}; {put}; {bad}", all.len()))
        });
    });
    let said = bot.asks(ANN, "x").remove(0);
    assert!(said.starts_with("1; 'kit/timer/x' cannot be the name"), "{said}");
    assert!(said.contains("without control characters"), "{said}");
    assert_eq!(bot.records(), ["a", "kit/timer/x"]);
}

#[test]
fn reads_see_what_the_handler_wrote_before() {
    let mut bot = bot(|bot| {
        bot.on_text(|cx, text| {
            cx.put("n/b", &2)?;
            cx.put("n/a", &1)?;
            if text == "again" {
                cx.remove("n/b")?;
            }
            let all: Vec<(String, u8)> = cx.scan("n/")?;
            cx.say(format!("{all:?} {:?}", cx.get::<u8>("n/b")?))
        });
    });
    assert_eq!(bot.asks(ANN, "x"), [r#"[("n/a", 1), ("n/b", 2)] Some(2)"#]);
    assert_eq!(bot.asks(ANN, "again"), [r#"[("n/a", 1)] None"#]);
    assert_eq!(bot.records(), ["n/a"]);
}

#[test]
fn what_cannot_be_asked_for_is_an_error_that_says_why() {
    let mut bot = bot(|bot| {
        bot.on_start(|cx| {
            let errors = [cx.say("x"), cx.react("👍"), cx.send(ANN, " "), cx.peer().map(|_| ())];
            let errors = errors.map(|error| error.unwrap_err().to_string());
            cx.put("errors", &errors)
        });
        bot.on_text(|cx, _| {
            let denied = cx.command(Command::DeclineAll).unwrap_err();
            let large = cx.put("large", &"x".repeat(70_000)).unwrap_err();
            let mut much = Ok(());
            for number in 0..10 {
                much = much.and(cx.put(&format!("{number}"), &"x".repeat(60_000)));
            }
            cx.put("denied", &format!("{denied}|{large}|{}", much.unwrap_err()))
        });
    });
    bot.says(ANN, "x");
    let errors = bot.record("errors").unwrap();
    for part in ["in no conversation", "no message here", "without a letter"] {
        assert!(errors.contains(part), "{errors}");
    }
    // What was asked for too much is an error that the handler may pass over;
    // what fitted is kept.
    let denied = bot.record("denied");
    assert!(denied.is_some_and(|it| it.contains("'contacts'")
        && it.contains("70002 bytes")
        && it.contains("asks for too much")));
}

#[test]
fn events_that_are_for_nobody_are_done_with_too() {
    let mut bot = bot(|_| {});
    let changed = |number| Event::MessageChanged {
        account: BOT,
        conversation: ANN.into(),
        message: MessageId { account: 1, number },
        change: Change::Deleted,
    };
    // More than a window.
    for number in 0..600 {
        bot.tell(changed(number));
    }
    bot.settle();
    bot.crash();
    assert_eq!(bot.undone(), 0);
}
