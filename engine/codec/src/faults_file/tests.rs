use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

const FULL: &str = r#"
seed = 7

[[rule]]
fault = "answer lost"
nodes = "all"
probability = 0.2

[[rule]]
name = "a slow swarm"
fault = "late"
ms = 800
nodes = ["swarm 1", 7, "seed", "file server"]
asked_by = "clients"
every = 5
from = 10
until = 60.5

[[rule]]
fault = "wrong clock"
ms = -600000
nodes = 4

[[rule]]
fault = "partition"
groups = [[0, 1, 2], ["swarm 1"]]

[[rule]]
fault = "status"
status = 503
nodes = [0]
asked_by = "nodes"
"#;

#[test]
fn a_full_file_is_read() {
    let file = FaultsFile::parse(FULL).unwrap();
    assert_eq!((file.seed, file.rules.len()), (7, 5));
    assert_eq!(
        file.rules[0],
        FaultRule {
            name: None,
            from: Duration::ZERO,
            until: None,
            fault: Fault::Request {
                fault: RequestFault::AnswerLost,
                to: vec![FaultTarget::AllNodes],
                asked_by: AskedBy::Anybody,
                which: WhichRequests::Millionths(200_000),
            },
        }
    );
    assert_eq!(
        file.rules[1],
        FaultRule {
            name: Some("a slow swarm".to_owned()),
            from: Duration::from_secs(10),
            until: Some(Duration::from_millis(60_500)),
            fault: Fault::Request {
                fault: RequestFault::Late(Duration::from_millis(800)),
                to: vec![
                    FaultTarget::Swarm(1),
                    FaultTarget::Node(7),
                    FaultTarget::Seed,
                    FaultTarget::FileServer,
                ],
                asked_by: AskedBy::Clients,
                which: WhichRequests::Every(5),
            },
        }
    );
    let nodes = vec![FaultTarget::Node(4)];
    assert_eq!(file.rules[2].fault, Fault::Node { fault: NodeFault::WrongClock(-600_000), nodes });
    let groups = vec![
        vec![FaultTarget::Node(0), FaultTarget::Node(1), FaultTarget::Node(2)],
        vec![FaultTarget::Swarm(1)],
    ];
    assert_eq!(file.rules[3].fault, Fault::Partition { groups });
    assert_eq!(FaultsFile::parse(&file.to_toml()), Ok(file));
    assert_eq!(FaultsFile::parse(""), Ok(FaultsFile::default()));
}

#[test]
fn every_fault_of_the_table_is_known() {
    for name in ["refused", "hang", "reset", "answer lost", "truncated", "garbage"] {
        let file =
            FaultsFile::parse(&format!("[[rule]]\nfault = '{name}'\nnodes = 'all'")).unwrap();
        assert_eq!(file.rules[0].fault.name(), name);
        assert!(matches!(file.rules[0].fault, Fault::Request { .. }));
    }
    for name in [
        "down",
        "lies about its swarm",
        "forgets last_hash",
        "wrong signatures",
        "withholds messages",
        "loses messages",
        "misdirects",
        "not ready",
        "foreign messages",
        "oversized answers",
        "dripping",
        "endless",
    ] {
        let file =
            FaultsFile::parse(&format!("[[rule]]\nfault = '{name}'\nnodes = 'all'")).unwrap();
        assert_eq!(file.rules[0].fault.name(), name);
        assert!(matches!(file.rules[0].fault, Fault::Node { .. }));
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_value() {
    let error =
        |rule: &str| FaultsFile::parse(&format!("[[rule]]\n{rule}")).unwrap_err().to_string();
    for (rule, line, parts) in [
        ("fault = 'hagn'\nnodes = 1", 2, ["fault = 'hagn'", "\"hang\""]),
        ("fault = 'hang'\nnodes = -1", 3, ["nodes = -1", "number from 0"]),
        ("fault = 'hang'\nnodes = 'swarm -1'", 3, ["nodes = 'swarm -1'", "\"swarm 0\""]),
        ("fault = 'hang'\nnodes = 'swarm +1'", 3, ["nodes = 'swarm +1'", "\"swarm 0\""]),
        ("fault = 'hang'\nnodes = []", 3, ["nodes = []", "\"all\""]),
        ("fault = 'down'\nnodes = ['seed']", 3, ["nodes = ['seed']", "nodes are meant"]),
        ("fault = 'hang'\nnodes = 1\nfrom = -1", 4, ["from = -1", "from 0"]),
        ("fault = 'hang'\nnodes = 1\nfrom = nan", 4, ["from = nan", "from 0"]),
        ("fault = 'hang'\nnodes = 1\nfrom = 1e300", 4, ["from = 1e300", "a year"]),
        ("fault = 'hang'\nnodes = 1\nfrom = 9\nuntil = 9", 5, ["until = 9", "ends after"]),
        ("fault = 'hang'\nnodes = 1\nevery = 0", 4, ["every = 0", "from 1"]),
        ("fault = 'hang'\nnodes = 1\nprobability = 0.0", 4, ["probability = 0.0", "0.000001"]),
        ("fault = 'hang'\nnodes = 1\nprobability = 2", 4, ["probability = 2", "to 1"]),
        ("fault = 'hang'\nnodes = 1\nasked_by = 'me'", 4, ["asked_by = 'me'", "\"clients\""]),
        ("fault = 'late'\nnodes = 1\nms = 0", 4, ["ms = 0", "from 1"]),
        ("fault = 'late'\nnodes = 1", 1, ["fault = \"late\"", "needs ms"]),
        ("fault = 'status'\nnodes = 1", 1, ["fault = \"status\"", "needs status"]),
        ("fault = 'status'\nnodes = 1\nstatus = 99", 4, ["status = 99", "200 to 599"]),
        ("fault = 'refuses stores'\nnodes = 1\nstatus = 200", 4, ["status = 200", "400 to 599"]),
        ("fault = 'hang'", 1, ["fault = \"hang\"", "needs nodes"]),
        ("fault = 'partition'\nnodes = 1", 1, ["fault = \"partition\"", "needs groups"]),
        ("fault = 'partition'\ngroups = [[1]]", 3, ["groups = [[1]]", "at least two"]),
        ("fault = 'partition'\ngroups = [[1], []]", 3, ["groups = [[1], []]", "at least two"]),
        ("fault = 'hang'\nnodes = 1\nms = 5", 4, ["ms does not go", "leave it out"]),
        ("fault = 'down'\nnodes = 1\nevery = 5", 4, ["every does not go", "one by one"]),
        (
            "fault = 'hang'\nnodes = 1\nevery = 5\nprobability = 0.5",
            4,
            ["every does not go", "one of the two"],
        ),
        ("fault = 'hang'\nnodes = 1\nnode = 2", 4, ["unknown field `node`", "expected"]),
        ("nodes = 1", 1, ["missing field `fault`", ""]),
        ("fault = 'hang'\nnodes = [1", 3, ["", ""]),
    ] {
        let error = error(rule);
        assert!(error.starts_with(&format!("line {line} of the faults file: ")), "{rule}: {error}");
        for part in parts {
            assert!(error.contains(part), "{rule}: {error}");
        }
    }
    assert!(FaultsFile::parse("seed = -1").unwrap_err().to_string().contains("-1"));
    let long = format!("# {}", "x".repeat(MAX_FAULTS_FILE));
    assert!(matches!(FaultsFile::parse(&long), Err(FaultsFileError::TooLong { .. })));
}

#[test]
fn rules_begin_and_end() {
    let file = FaultsFile::parse(FULL).unwrap();
    let on = |millis| file.rules[1].is_on(Duration::from_millis(millis));
    assert_eq!([on(9_999), on(10_000), on(60_499), on(60_500)], [false, true, true, false]);
    assert!(file.rules[0].is_on(Duration::ZERO) && file.rules[0].is_on(MAX));
}

const MAX: Duration = Duration::MAX;

#[test]
fn chance_is_decided_by_the_seed() {
    let file = FaultsFile::parse(FULL).unwrap();
    let struck = |file: &FaultsFile, host| -> Vec<bool> {
        (0..10_000).map(|nth| file.strikes(0, host, nth)).collect()
    };
    let first = struck(&file, 3);
    assert_eq!(first, struck(&file, 3));
    let count = first.iter().filter(|struck| **struck).count();
    assert!((1_850..2_150).contains(&count), "a fifth of 10,000, not {count}");
    assert_ne!(first, struck(&file, 4));
    assert_ne!(first, struck(&FaultsFile { seed: 8, ..file.clone() }, 3));
    let every: Vec<u64> = (0..20).filter(|nth| file.strikes(1, 0, *nth)).collect();
    assert_eq!(every, [4, 9, 14, 19]);
    assert!(file.strikes(4, 0, 0) && !file.strikes(2, 0, 0) && !file.strikes(9, 0, 0));
}

fn targets(others: bool) -> impl Strategy<Value = Vec<FaultTarget>> {
    let nodes = prop_oneof![
        Just(FaultTarget::AllNodes),
        any::<u32>().prop_map(FaultTarget::Node),
        any::<u32>().prop_map(FaultTarget::Swarm),
    ];
    let all = prop_oneof![nodes.clone(), Just(FaultTarget::Seed), Just(FaultTarget::FileServer)];
    if others { vec(all, 1..4).boxed() } else { vec(nodes, 1..4).boxed() }
}

fn request_faults() -> impl Strategy<Value = Fault> {
    let fault = prop_oneof![
        Just(RequestFault::Refused),
        Just(RequestFault::Hang),
        Just(RequestFault::Reset),
        Just(RequestFault::AnswerLost),
        (1_u64..1_000_000).prop_map(|ms| RequestFault::Late(Duration::from_millis(ms))),
        Just(RequestFault::Truncated),
        Just(RequestFault::Garbage),
        (200_u16..600).prop_map(RequestFault::Status),
    ];
    let asked_by =
        prop_oneof![Just(AskedBy::Anybody), Just(AskedBy::Clients), Just(AskedBy::Nodes)];
    let which = prop_oneof![
        Just(WhichRequests::All),
        (1_u32..).prop_map(WhichRequests::Every),
        (1_u32..=1_000_000).prop_map(WhichRequests::Millionths),
    ];
    (fault, targets(true), asked_by, which)
        .prop_map(|(fault, to, asked_by, which)| Fault::Request { fault, to, asked_by, which })
}

fn node_faults() -> impl Strategy<Value = Fault> {
    let fault = prop_oneof![
        Just(NodeFault::Down),
        (-1_000_000_i64..1_000_000).prop_map(NodeFault::WrongClock),
        Just(NodeFault::LiesAboutItsSwarm),
        Just(NodeFault::ForgetsLastHash),
        Just(NodeFault::WrongSignatures),
        Just(NodeFault::WithholdsMessages),
        (400_u16..600).prop_map(NodeFault::RefusesStores),
        (400_u16..600).prop_map(NodeFault::RefusesRetrieves),
        Just(NodeFault::NotReady),
        (1_u64..1_000_000).prop_map(|ms| NodeFault::Slow(Duration::from_millis(ms))),
        Just(NodeFault::Endless),
    ];
    (fault, targets(false)).prop_map(|(fault, nodes)| Fault::Node { fault, nodes })
}

prop_compose! {
    fn rules()(
        name in option::of(".{0,20}"),
        from in 0_u64..1_000_000_000,
        lasts in option::of(1_u64..1_000_000_000),
        fault in prop_oneof![
            request_faults(),
            node_faults(),
            vec(targets(false), 2..4).prop_map(|groups| Fault::Partition { groups }),
        ],
    ) -> FaultRule {
        let until = lasts.map(|lasts| Duration::from_millis(from + lasts));
        FaultRule { name, from: Duration::from_millis(from), until, fault }
    }
}

proptest! {
    #[test]
    fn no_text_upsets_the_parser(text in ".{0,200}") {
        let _ = FaultsFile::parse(&text);
    }

    #[test]
    fn no_rule_upsets_the_parser(
        lines in vec("(fault|nodes|groups|every|probability|from|until|ms|status|asked_by) = (-?[0-9]{1,20}|[0-9]e[0-9]{1,3}|'(hang|late|down|partition|wrong clock|swarm [0-9]{0,12})'|\\[\\[?[0-9], ?'all'\\]?\\])", 0..6),
    ) {
        let text = format!("[[rule]]\n{}", lines.join("\n"));
        if let Ok(file) = FaultsFile::parse(&text) {
            prop_assert_eq!(FaultsFile::parse(&file.to_toml()), Ok(file));
        }
    }

    #[test]
    fn a_file_is_read_as_it_is_written(
        seed in 0..=i64::MAX as u64,
        rules in vec(rules(), 0..5),
    ) {
        let file = FaultsFile { seed, rules };
        prop_assert_eq!(FaultsFile::parse(&file.to_toml()), Ok(file));
    }
}
