use ramson_wire::Grant;

use super::*;

const WHOLE: &str = r#"# My bots.
[bot-echo]
# It answers.
grants = ["read", "send"]
accounts = [
    "050000000000000000000000000000000000000000000000000000000000000001", # me
]
rate = 120
start = true
untrusted = true
library = "/opt/libecho.so"

[bot-echo.config]
prefix = "echo: "
times = [1, 2.5, true]
since = 1979-05-27
inner = { a = "b" }

[other] # not yet
grants = []
conversations = ["https://open.example.org/room"]
"#;

fn grants(grants: &[Grant]) -> GrantSet {
    grants.iter().copied().collect()
}

#[test]
fn everything_that_a_user_writes_is_read() {
    let decisions = Decisions::parse(WHOLE.to_owned()).unwrap();
    let echo = decisions.get("bot-echo").unwrap();
    assert_eq!(echo.grants, grants(&[Grant::Read, Grant::Send]));
    assert_eq!(echo.accounts.as_ref().unwrap().len(), 1);
    assert_eq!((echo.conversations.as_ref(), echo.rate, echo.start), (None, Some(120), true));
    assert!(echo.untrusted);
    assert_eq!(echo.library.as_deref(), Some(Path::new("/opt/libecho.so")));
    assert_eq!(
        serde_json::Value::Object(echo.config.clone()),
        serde_json::json!({
            "prefix": "echo: ", "times": [1, 2.5, true], "since": "1979-05-27", "inner": {"a": "b"},
        })
    );
    let other = decisions.get("other").unwrap();
    assert_eq!((other.grants, other.accounts.as_ref(), other.start), (GrantSet::NONE, None, false));
    assert!(!other.untrusted);
    assert_eq!(other.conversations.as_ref().unwrap()[0].0, "https://open.example.org/room");
    assert_eq!(decisions.iter().count(), 2);
    assert!(decisions.get("nobody").is_none());
}

#[test]
fn what_is_not_understood_is_an_error_with_its_line_and_its_name() {
    let cases = [
        ("\n\n[bot]\ngrants = []\nratte = 1", 5, "ratte"),
        ("[bot]\ngrants = [\"read\", \"raed\"]", 2, "'raed'"),
        ("[bot]\ngrants = [\"read\",\n \"raed\"]", 3, "'raed'"),
        ("[bot]\ngrants = []\naccounts = [\"05ab\"]", 3, "'05ab'"),
        ("[bot]\ngrants = []\nconversations = [\"there\"]", 3, "'there'"),
        ("[bot]\ngrants = \"read\"", 2, "string"),
        ("[bot]\nstart = true", 1, "grants"),
        ("[bot]\ngrants = []\nuntrusted = \"yes\"", 3, "boolean"),
        ("[bot]\ngrants = []\n[bot.config]\nx = nan", 3, "'x'"),
        ("[bot]\ngrants = []\n[bot]", 3, "'bot'"),
        ("[bot]\ngrants = []\n[bot.config]\ntoken = \"secret\" x", 4, ""),
        ("[bot\n", 1, ""),
        ("grants = []", 1, ""),
    ];
    for (text, at, named) in cases {
        match Decisions::parse(text.to_owned()).unwrap_err() {
            DecisionsError::Malformed { line, reason } => {
                assert_eq!(line, at, "{text}: {reason}");
                assert!(reason.contains(named) && !reason.contains('\n'), "{text}: {reason}");
                assert!(!reason.contains("secret"), "{reason}");
            }
            other => panic!("{text}: {other}"),
        }
    }
}

#[test]
fn a_decision_changes_its_own_lines_and_leaves_the_others() {
    let mut decisions = Decisions::parse(WHOLE.to_owned()).unwrap();
    decisions.allow("bot-echo", grants(&[Grant::Read]), None, None, None);
    decisions.set_start("other", true);
    let text = decisions.text.clone();
    for kept in ["# My bots.", "# It answers.", "rate = 120", "[other] # not yet", "2.5, true"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(!text.contains("# me") && !text.contains("accounts"), "{text}");
    assert_eq!(text.matches("start = true").count(), 2);
    let again = Decisions::parse(text).unwrap();
    assert_eq!(again.all, decisions.all);
    let echo = again.get("bot-echo").unwrap();
    assert_eq!((echo.grants, echo.rate, echo.start), (grants(&[Grant::Read]), Some(120), true));
    // Who was not trusted is not trusted for being asked anew.
    assert!(echo.untrusted && text_has_once(&decisions.text, "untrusted = true"));
    assert_eq!(echo.library.as_deref(), Some(Path::new("/opt/libecho.so")));
}

fn text_has_once(text: &str, line: &str) -> bool {
    text.matches(line).count() == 1
}

#[test]
fn a_decision_not_to_trust_stays_with_what_else_was_decided() {
    let mut decisions = Decisions::parse(WHOLE.to_owned()).unwrap();
    decisions.set_untrusted("other");
    decisions.set_start("other", true);
    let again = Decisions::parse(decisions.text.clone()).unwrap();
    assert_eq!(again.all, decisions.all);
    let other = again.get("other").unwrap();
    assert!(other.untrusted && other.start && other.conversations.is_some());
}

#[test]
fn a_new_decision_comes_at_the_end() {
    let mut decisions = Decisions::parse(WHOLE.to_owned()).unwrap();
    let library = Some(PathBuf::from("/opt/lib\"odd\".so"));
    let account = AccountId([5; 33]);
    decisions.allow("a new.one", GrantSet::ALL, Some(vec![account]), None, library.clone());
    assert!(decisions.text.starts_with(WHOLE.trim_end()));
    let again = Decisions::parse(decisions.text.clone()).unwrap();
    assert_eq!(again.all, decisions.all);
    let new = again.get("a new.one").unwrap();
    assert_eq!((new.grants, &new.accounts), (GrantSet::ALL, &Some(vec![account])));
    assert_eq!(new.library, library);
}

#[test]
fn a_file_in_another_style_is_written_anew_with_the_same_meaning() {
    let text = "bot = { grants = ['read'], rate = 5, config = { a = [{ b = 1 }], c = 'd' } }\n\
                more.grants = []\n";
    let mut decisions = Decisions::parse(text.to_owned()).unwrap();
    decisions.allow("bot", grants(&[Grant::Send]), Some(Vec::new()), None, None);
    let again = Decisions::parse(decisions.text.clone()).unwrap();
    assert_eq!(again.all, decisions.all, "{}", decisions.text);
    let bot = again.get("bot").unwrap();
    assert_eq!((bot.rate, bot.accounts.as_ref().map(Vec::len)), (Some(5), Some(0)));
    assert_eq!(bot.config["a"][0]["b"], 1);
}

#[test]
fn the_file_is_for_its_owner_alone_and_there_whole() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let mut decisions = Decisions::open(home.path()).unwrap();
    assert_eq!(decisions.iter().count(), 0);
    decisions.allow("bot", grants(&[Grant::Read]), None, None, None);
    decisions.save(home.path()).unwrap();
    let mode = fs::metadata(home.path().join(NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(Decisions::open(home.path()).unwrap().all, decisions.all);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

proptest::proptest! {
    #[test]
    fn whatever_is_decided_is_read_again(
        name in ".*",
        bits: u64,
        accounts: Option<Vec<u8>>,
        rate: Option<u32>,
        library: Option<String>,
        start: bool,
        untrusted: bool,
        text in proptest::prop_oneof![
            proptest::strategy::Just(""),
            proptest::strategy::Just(WHOLE),
            proptest::strategy::Just("bot = { grants = [] }"),
        ],
    ) {
        let mut decisions = Decisions::parse(text.to_owned()).unwrap();
        let accounts = accounts.map(|them| them.into_iter().map(|it| AccountId([it; 33])).collect());
        let library = library.map(PathBuf::from);
        decisions.set(&name, Decision { rate, ..Decision::default() });
        decisions.allow(&name, GrantSet::of_bits(bits), accounts, None, library);
        decisions.set_start(&name, start);
        if untrusted {
            decisions.set_untrusted(&name);
        }
        let again = Decisions::parse(decisions.text.clone());
        proptest::prop_assert_eq!(again.unwrap().all, decisions.all);
    }
}
