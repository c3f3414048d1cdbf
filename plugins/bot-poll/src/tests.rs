use std::time::Duration;

use ramson_sdk::bot::testing::{ANN, BEN, TestBot, account};
use ramson_sdk::{AccountId, MessageId};
use ramson_testkit::{Resident as _, Town};

use super::TheBot;

const QUESTION: &str = "Poll: Tea?\n1️⃣ yes\n2️⃣ no\nTo vote, put a number on this message.";

fn owned_by(owner: AccountId) -> String {
    format!(r#"{{"owners": ["{owner}"]}}"#)
}

/// A bot of Ann's that took a poll to Ann and Ben, and where it stands.
fn asked() -> (TestBot, MessageId, MessageId) {
    let mut bot = TestBot::new::<TheBot>(&owned_by(ANN));
    bot.says(ANN, "/join");
    bot.says(BEN, "/join");
    bot.said();
    bot.says(ANN, "/poll Tea? | yes | no");
    let posts: Vec<_> = bot.said().into_iter().filter(|it| it.text == QUESTION).collect();
    assert_eq!([posts[0].to, posts[1].to], [ANN, BEN]);
    (bot, posts[0].id, posts[1].id)
}

fn result(bot: &mut TestBot) -> String {
    bot.asks(BEN, "/result").concat()
}

#[test]
fn the_newest_number_of_each_person_counts() {
    let (mut bot, of_ann, of_ben) = asked();
    bot.reacts(ANN, of_ann, "1️⃣", false);
    bot.reacts(BEN, of_ben, "2️⃣", false);
    assert_eq!(result(&mut bot), "Votes so far: Tea?\n1️⃣ yes: 1\n2️⃣ no: 1");
    // A client may leave the sign out that makes a picture of it.
    bot.reacts(BEN, of_ben, "1\u{20e3}", false);
    assert_eq!(result(&mut bot), "Votes so far: Tea?\n1️⃣ yes: 2\n2️⃣ no: 0");
    bot.restart();
    for other in ["3️⃣", "0️⃣", "👍", "#️⃣"] {
        bot.reacts(BEN, of_ben, other, false);
    }
    bot.reacts(BEN, of_ben, "1\u{20e3}", true);
    assert_eq!(result(&mut bot), "Votes so far: Tea?\n1️⃣ yes: 1\n2️⃣ no: 1");
    bot.reacts(BEN, of_ben, "2️⃣", true);
    bot.reacts(ANN, MessageId { account: 1, number: 999 }, "2️⃣", false);
    assert_eq!(result(&mut bot), "Votes so far: Tea?\n1️⃣ yes: 1\n2️⃣ no: 0");
}

#[test]
fn a_poll_that_is_closed_counts_no_more() {
    let (mut bot, of_ann, _) = asked();
    bot.reacts(ANN, of_ann, "1️⃣", false);
    assert_eq!(bot.asks(BEN, "/close"), ["only an owner of this bot can do that"]);
    let end = "Votes at the end: Tea?\n1️⃣ yes: 1\n2️⃣ no: 0";
    assert_eq!(bot.asks(ANN, "/close"), ["everybody who joined is told (2)", end]);
    assert_eq!(bot.said_to(BEN), [end]);
    bot.reacts(ANN, of_ann, "2️⃣", false);
    assert_eq!(result(&mut bot), end);
    assert_eq!(bot.asks(ANN, "/close"), ["no poll is open; /poll begins one"]);
    assert_eq!(bot.asks(ANN, "/poll a|b|c").len(), 2);
    bot.reacts(ANN, of_ann, "2️⃣", false);
    assert_eq!(result(&mut bot), "Votes so far: a\n1️⃣ b: 0\n2️⃣ c: 0");
}

#[test]
fn a_poll_that_is_asked_again_is_another_one() {
    let (mut bot, of_before, _) = asked();
    bot.says(ANN, "/close");
    bot.said();
    bot.pass(Duration::from_secs(60));
    bot.says(ANN, "/poll Tea? | yes | no");
    let post = bot.said().into_iter().find(|it| it.text == QUESTION).unwrap();
    bot.reacts(ANN, of_before, "1️⃣", false);
    assert_eq!(result(&mut bot), "Votes so far: Tea?\n1️⃣ yes: 0\n2️⃣ no: 0");
    bot.reacts(post.to, post.id, "1️⃣", false);
    assert_eq!(result(&mut bot), "Votes so far: Tea?\n1️⃣ yes: 1\n2️⃣ no: 0");
    // What an owner writes from another device is no post, whatever it says.
    bot.write_with(BEN, QUESTION, |message| message.outgoing = true);
    bot.settle();
    let posts = bot.record(&bot.records().into_iter().find(|it| it.starts_with("poll/")).unwrap());
    assert_eq!(posts.unwrap().matches("m1-").count(), 2);
}

#[test]
fn only_an_owner_asks_and_only_those_who_joined() {
    let mut bot = TestBot::new::<TheBot>(&owned_by(ANN));
    assert_eq!(bot.asks(BEN, "/poll a|b|c"), ["only an owner of this bot can do that"]);
    assert_eq!(bot.asks(BEN, "/result"), ["there was no poll yet"]);
    bot.says(BEN, "/join");
    bot.says(BEN, "/leave");
    assert_eq!(bot.asks(ANN, "/poll a|b|c"), ["everybody who joined is told (0)"]);
    assert_eq!(bot.asks(ANN, "/poll a|b|c"), ["another poll is open; /close ends it"]);
    bot.says(ANN, "/close");
    bot.says(BEN, "/join");
    for wrong in ["/poll a | b", "/poll 0|1|2|3|4|5|6|7|8|9|10", &"/poll a|b|c".repeat(150)] {
        assert!(bot.asks(ANN, wrong).concat().starts_with("write it like"), "{wrong}");
    }
    bot.said();
    bot.says(ANN, "/poll Which | one?\nthis\nthat\n");
    assert_eq!(bot.said_to(ANN), ["everybody who joined is told (1)"]);
    let text = bot.said_to(BEN).concat();
    assert!(text.starts_with("Poll: Which | one?\n1️⃣ this\n2️⃣ that\n"), "{text}");
}

#[test]
fn many_people_are_asked_one_by_one() {
    let mut bot = TestBot::new::<TheBot>(&owned_by(ANN));
    let everybody: Vec<_> = (1..=100).map(account).collect();
    for person in &everybody {
        bot.says(*person, "/join");
    }
    bot.said();
    let long = "ä".repeat(1_400);
    bot.says(ANN, &format!("/poll {long}? | yes | no"));
    bot.pass(Duration::from_secs(1));
    let said = bot.said().into_iter().filter(|it| it.text.starts_with("Poll: "));
    assert_eq!(said.map(|it| it.to).collect::<Vec<_>>(), everybody);
}

#[test]
#[should_panic(expected = "write down who makes polls")]
fn a_bot_that_nobody_owns_does_not_start() {
    TestBot::new::<TheBot>(r#"{"owners": []}"#);
}

#[test]
fn votes_count_that_came_while_the_bot_was_away() {
    let town = Town::new(64);
    let (ann, ben) = (town.person("Ann"), town.person("Ben"));
    let bot = town.bot::<TheBot>(&owned_by(ann.id()));
    town.faults().lose_answers(20);
    for person in [&ann, &ben] {
        person.says(&bot, "/join");
        assert_eq!(person.hears(), "you get every poll from now on; /leave ends that");
    }
    bot.crash_after(|event| {
        event.incoming_text().is_some_and(|(_, _, it)| it.starts_with("/poll"))
    });
    ann.says(&bot, "/poll Tea? | yes | no");
    bot.has_stopped();
    bot.restart();
    assert_eq!(ann.hears(), "everybody who joined is told (2)");
    let (of_ann, of_ben) = (ann.gets(), ben.gets());
    assert_eq!([of_ann.text.as_deref(), of_ben.text.as_deref()], [Some(QUESTION); 2]);
    ann.reacts(&of_ann, "1️⃣");
    town.pass(Duration::from_secs(60));
    bot.crash();
    ann.takes_back(&of_ann, "1️⃣");
    for emoji in ["2️⃣", "1️⃣"] {
        town.pass(Duration::from_secs(5));
        ann.reacts(&of_ann, emoji);
        ben.reacts(&of_ben, emoji);
    }
    town.pass(Duration::from_secs(60));
    ben.takes_back(&of_ben, "1️⃣");
    town.pass(Duration::from_secs(60));
    bot.restart();
    town.pass(Duration::from_secs(60));
    ben.says(&bot, "/result");
    assert_eq!(ben.hears(), "Votes so far: Tea?\n1️⃣ yes: 1\n2️⃣ no: 1");
    ann.says(&bot, "/close");
    let end = "Votes at the end: Tea?\n1️⃣ yes: 1\n2️⃣ no: 1";
    assert_eq!([ann.hears(), ann.hears()], ["everybody who joined is told (2)", end]);
    assert_eq!(ben.hears(), end);
    assert!(ann.heard().is_empty() && ben.heard().is_empty());
}
