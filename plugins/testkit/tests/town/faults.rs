//! A network that fails.

use std::time::Duration;

use ramson_testkit::Town;

use crate::bots::Echo;

#[test]
fn everything_arrives_once_while_a_third_of_the_requests_fail() {
    let town = Town::new(11);
    let bot = town.bot::<Echo>("{}");
    let (ann, ben) = (town.person("Ann"), town.person("Ben"));
    let faults = town.faults();
    faults.lose_answers(15);
    faults.refuse(15);
    faults.delay(10, Duration::from_secs(8));
    let texts: Vec<_> = (0..8).map(|number| format!("text {number}")).collect();
    for text in &texts {
        ann.says(&bot, text);
        ben.says(&bot, text);
        town.pass(Duration::from_secs(3));
    }
    let answers = texts.iter().map(|text| format!("echo: {text}"));
    let mut wanted: Vec<_> = texts.iter().cloned().chain(answers).collect();
    wanted.sort();
    for person in [&ann, &ben] {
        texts.iter().for_each(|_| drop(person.gets()));
    }
    // What comes twice comes late.
    town.pass(Duration::from_secs(120));
    for person in [&ann, &ben] {
        let mut texts = person.texts(&bot);
        texts.sort();
        assert_eq!(texts, wanted);
        assert!(person.heard().is_empty());
    }
    assert_eq!(bot.log().len(), 16);
    assert!(town.record().iter().any(|line| line.contains("is delayed")), "nothing went wrong");
}

#[test]
fn a_town_without_nodes_says_nothing_until_they_are_back() {
    let town = Town::new(12);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    ann.says(&bot, "one");
    assert_eq!(ann.hears(), "echo: one");
    (0..9).for_each(|node| town.faults().node_down(node));
    ann.says(&bot, "two");
    ann.hears_nothing(Duration::from_secs(60));
    town.faults().none();
    assert_eq!(ann.hears(), "echo: two");
}

#[test]
fn a_node_that_dies_costs_nothing() {
    let town = Town::new(13);
    let bot = town.bot::<Echo>("{}");
    let ann = town.person("Ann");
    for node in 0..9 {
        town.faults().node_down(node);
        ann.says(&bot, &format!("without {node}"));
        assert_eq!(ann.hears(), format!("echo: without {node}"));
        town.faults().node_up(node);
    }
}
