//! Bots that crash at any moment, and hosts that refuse at any moment: every
//! message is counted once and answered once, in order.

use std::time::Duration;

use ramson_wire::{AccountId, Refusal};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::super::testing::account;
use super::super::{Bot, Next};
use super::*;

/// Counts, answers, sets a timer for each text, and is in a dialogue with
/// everybody. Some texts fail at first.
fn setup(bot: &mut Bot) {
    bot.layer(|cx, next| {
        let all = cx.get::<u64>("all")?.unwrap_or(0);
        cx.put("all", &(all + 1))?;
        next.run(cx)
    });
    bot.on(
        |_: &super::super::Cx, message: &ramson_wire::Message| {
            message.text.as_deref() == Some("begin")
        },
        |cx, _| {
            cx.begin("count", &0_u64)?;
            cx.say("began")
        },
    );
    bot.dialogue("count", |cx, count: u64, message| {
        let text = message.text.clone().unwrap_or_default();
        let timer = format!("later/{}/{text}", message.author);
        cx.timer_after(&timer, Duration::from_millis(1_500), &text)?;
        cx.say(format!("{count} {text}"))?;
        Ok(Next::Stay(count + 1))
    });
    bot.on_timer("later", |cx, text: String| cx.say(format!("later {text}")));
}

fn run(seed: u64) {
    const PEOPLE: u8 = 3;
    const EACH: usize = 12;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bot = bot(setup);
    let people: Vec<AccountId> = (1..=PEOPLE).map(account).collect();
    for person in &people {
        bot.write(*person, "begin");
    }
    let mut written = vec![0; people.len()];
    let mut crashes = 0;
    while written.iter().any(|count| *count < EACH) {
        match rng.random_range(0..100) {
            0..25 => {
                let who = rng.random_range(0..people.len());
                if written[who] < EACH {
                    bot.write(people[who], &format!("t{}", written[who]));
                    written[who] += 1;
                }
            }
            25..50 => drop(bot.tell_next()),
            50..75 => drop(bot.carry_out()),
            75..82 => {
                let kind = ["Busy", "OutboxFull", "NoEngine"][rng.random_range(0..3)];
                bot.refuse(Some(Refusal { kind: kind.to_owned(), text: "no".to_owned() }));
            }
            82..90 => bot.refuse(None),
            90..93 => bot.new_engine(),
            93..96 => bot.pass(Duration::from_millis(rng.random_range(0..3_000))),
            _ => {
                crashes += 1;
                bot.crash();
                // The rest of the restart is as uncertain as everything else.
                bot.start_only();
            }
        }
    }
    bot.refuse(None);
    if crashes == 0 {
        bot.restart();
    }
    bot.pass(Duration::from_secs(600));
    let said = bot.said();
    for person in &people {
        let texts = said.iter().filter(|said| said.to == *person).map(|said| said.text.as_str());
        let (later, now): (Vec<_>, Vec<_>) = texts.partition(|text| text.starts_with("later"));
        let mut right = vec!["began".to_owned()];
        right.extend((0..EACH).map(|count| format!("{count} t{count}")));
        assert_eq!(now, right, "seed {seed}");
        let mut later: Vec<_> = later.into_iter().map(str::to_owned).collect();
        let mut right: Vec<_> = (0..EACH).map(|count| format!("later t{count}")).collect();
        later.sort();
        right.sort();
        assert_eq!(later, right, "seed {seed}");
    }
    let all = people.len() * (1 + 2 * EACH);
    assert_eq!(bot.record("all"), Some(all.to_string()), "seed {seed}");
    assert_eq!(bot.undone(), 0, "seed {seed}");
}

#[test]
fn everything_happens_once_whatever_crashes_and_whatever_is_refused() {
    for seed in 0..300 {
        run(seed);
    }
}

#[test]
fn a_crash_at_every_single_step_changes_nothing() {
    let person = account(1);
    let whole = {
        let mut bot = bot(setup);
        for text in ["begin", "a", "b"] {
            bot.write(person, text);
        }
        let mut steps = 0;
        while bot.step() {
            steps += 1;
        }
        steps
    };
    assert!(whole > 10, "{whole}");
    for crash_at in 0..=whole {
        let mut bot = bot(setup);
        for text in ["begin", "a", "b"] {
            bot.write(person, text);
        }
        for _ in 0..crash_at {
            bot.step();
        }
        bot.restart();
        bot.pass(Duration::from_secs(10));
        let said = bot.said_to(person);
        assert_eq!(said, ["began", "0 a", "1 b", "later a", "later b"], "step {crash_at}");
        assert_eq!(bot.undone(), 0);
    }
}
