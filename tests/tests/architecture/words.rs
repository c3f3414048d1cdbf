//! Words that some source files may not say.

use crate::code::{Token, path_lines, tokens};
use crate::files::{Source, none, rust};

/// A word, or a path of two, that is spoken in certain places only.
struct Rule {
    what: What,
    /// Beginnings of the paths of files that it is about.
    within: &'static [&'static str],
    /// Beginnings of the paths of files that may say it all the same.
    except: &'static [&'static str],
    instead: &'static str,
}

enum What {
    Word(&'static str),
    Path(&'static str, &'static str),
}

const HOUSE: &[&str] = &["engine/", "actors/", "plugins/"];
const ENGINE: &[&str] = &["engine/"];
const ACTORS: &[&str] = &["actors/"];
const SOCKETS: &[&str] = &["actors/transport/", "actors/localnet/"];
const FOREIGN: &[&str] = &["plugins/abi/", "plugins/sdk/", "plugins/host/"];
const FILES: &[&str] = &["actors/storage/", "actors/transfers/", "actors/localnet/"];

const NO_RUNTIME: &str = "the engine is bytes in, bytes out; move it to an actor";
const NO_SOCKET: &str = "the engine opens no sockets; give out bytes and let transport send them";
const NO_CLOCK: &str = "the engine has no clock; take the time as an argument";
const NO_FILE: &str = "the engine opens no files; give out effects and let storage carry them out";
const NO_UNSAFE: &str = "only abi, sdk and host cross the boundary to foreign code; ask them";
const ASK_TRANSPORT: &str = "ask the transport actor; only transport and localnet open sockets";
const ASK_STORAGE: &str = "ask the storage actor; only storage, transfers and localnet open files";

const RULES: &[Rule] = &[
    Rule { what: What::Word("tokio"), within: ENGINE, except: &[], instead: NO_RUNTIME },
    Rule { what: What::Word("actix"), within: ENGINE, except: &[], instead: NO_RUNTIME },
    Rule { what: What::Word("TcpStream"), within: ENGINE, except: &[], instead: NO_SOCKET },
    Rule { what: What::Word("TcpListener"), within: ENGINE, except: &[], instead: NO_SOCKET },
    Rule { what: What::Word("UdpSocket"), within: ENGINE, except: &[], instead: NO_SOCKET },
    Rule { what: What::Word("UnixStream"), within: ENGINE, except: &[], instead: NO_SOCKET },
    Rule { what: What::Word("UnixListener"), within: ENGINE, except: &[], instead: NO_SOCKET },
    Rule { what: What::Word("SystemTime"), within: ENGINE, except: &[], instead: NO_CLOCK },
    Rule { what: What::Word("Instant"), within: ENGINE, except: &[], instead: NO_CLOCK },
    Rule { what: What::Path("std", "fs"), within: ENGINE, except: &[], instead: NO_FILE },
    Rule { what: What::Word("TcpStream"), within: ACTORS, except: SOCKETS, instead: ASK_TRANSPORT },
    Rule {
        what: What::Word("TcpListener"),
        within: ACTORS,
        except: SOCKETS,
        instead: ASK_TRANSPORT,
    },
    Rule { what: What::Word("UdpSocket"), within: ACTORS, except: SOCKETS, instead: ASK_TRANSPORT },
    Rule {
        what: What::Path("tokio", "net"),
        within: ACTORS,
        except: SOCKETS,
        instead: ASK_TRANSPORT,
    },
    Rule { what: What::Path("std", "fs"), within: ACTORS, except: FILES, instead: ASK_STORAGE },
    Rule { what: What::Path("tokio", "fs"), within: ACTORS, except: FILES, instead: ASK_STORAGE },
    Rule { what: What::Word("unsafe"), within: HOUSE, except: FOREIGN, instead: NO_UNSAFE },
];

fn forbidden(file: &Source) -> Vec<String> {
    let is_in = |beginnings: &[&str]| beginnings.iter().any(|it| file.path.starts_with(it));
    let tokens = tokens(&file.text);
    let mut complaints = Vec::new();
    for rule in RULES.iter().filter(|rule| is_in(rule.within) && !is_in(rule.except)) {
        let (name, lines) = match rule.what {
            What::Word(word) => (
                word.to_owned(),
                tokens.iter().filter(|it| it.text == word).map(|it| it.line).collect(),
            ),
            What::Path(first, second) => {
                (format!("{first}::{second}"), path_lines(&tokens, first, second))
            }
        };
        for line in lines {
            complaints.push(format!("{}:{line}: names {name}; {}", file.path, rule.instead));
        }
    }
    complaints
}

#[test]
fn every_part_keeps_to_its_words() -> Result<(), String> {
    let files = rust(&["engine", "actors", "plugins"])?;
    none(&files.iter().flat_map(forbidden).collect::<Vec<_>>())
}

/// Every `select!` decides by order, or simulation would not repeat itself.
fn unbiased(file: &Source) -> Vec<String> {
    let tokens = tokens(&file.text);
    let starts = |at: usize, words: &[&str]| {
        tokens.iter().skip(at).map(|it| it.text).take(words.len()).eq(words.iter().copied())
    };
    let complain = |(at, token): (usize, &Token<'_>)| {
        let body = at + 3;
        let is_select = starts(at, &["select", "!", "{"]) || starts(at, &["select", "!", "("]);
        (is_select && !starts(body, &["biased", ";"])).then(|| {
            format!(
                "{}:{}: select! takes branches at random; begin it with `biased;`",
                file.path, token.line
            )
        })
    };
    tokens.iter().enumerate().filter_map(complain).collect()
}

#[test]
fn every_select_is_biased() -> Result<(), String> {
    let files = rust(&["engine", "actors", "plugins", "tests"])?;
    none(&files.iter().flat_map(unbiased).collect::<Vec<_>>())
}

/// Whoever names bincode decides how plugins read it: one module only.
fn bincode(files: &[Source]) -> Vec<String> {
    // The crate, not something that is called after it.
    let names = |file: &&Source| {
        tokens(&file.text).windows(2).any(|pair| {
            let words: Vec<&str> = pair.iter().map(|token| token.text).collect();
            words == ["bincode", "::"] || words == ["use", "bincode"]
        })
    };
    let modules: Vec<_> = files.iter().filter(names).map(|file| file.path.as_str()).collect();
    if modules.len() < 2 {
        return Vec::new();
    }
    vec![format!("bincode is named in {}; call the one module that has it", modules.join(", "))]
}

#[test]
fn one_module_names_bincode() -> Result<(), String> {
    none(&bincode(&rust(&["engine", "actors", "plugins", "tests"])?))
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn forbidden_words_are_found() {
    let found = |path, text| forbidden(&source(path, text)).len();
    let everything = "use tokio::net::TcpStream;\nuse actix::Actor;\nlet now = SystemTime::now();\n\
                      let t = Instant::now();\nuse std::{fs, net::{Ipv4Addr, UdpSocket}};";
    assert_eq!(found("engine/node/src/lib.rs", everything), 7);
    assert_eq!(found("engine/node/src/lib.rs", "use std::net::Ipv4Addr; // tokio, Instant"), 0);
    assert_eq!(found("actors/paths/src/lib.rs", "use tokio::net::TcpStream;"), 2);
    assert_eq!(found("actors/paths/src/lib.rs", "use tokio::{fs, sync::mpsc};"), 1);
    assert_eq!(found("actors/system/src/lib.rs", "std::fs::read(path)"), 1);
    assert_eq!(found("actors/transport/src/lib.rs", "use tokio::net::TcpStream;"), 0);
    assert_eq!(found("actors/transport/src/lib.rs", "use std::fs;"), 1);
    assert_eq!(found("actors/storage/src/lib.rs", "use std::fs;"), 0);
    assert_eq!(found("plugins/shell/src/main.rs", everything), 0);
    let told = forbidden(&source("engine/node/src/clock.rs", "\n\nInstant::now()"));
    assert_eq!(told, [format!("engine/node/src/clock.rs:3: names Instant; {NO_CLOCK}")]);
}

#[test]
fn a_select_without_biased_is_found() {
    let found = |text| unbiased(&source("actors/a.rs", text)).len();
    assert_eq!(found("tokio::select! {\n _ = a => {} }"), 1);
    assert_eq!(found("tokio::select! {\n // first\n biased;\n _ = a => {} }"), 0);
    assert_eq!(found("select!(a, b)"), 1);
    assert_eq!(found("// select! { }\nselect(a, b)"), 0);
}

#[test]
fn a_second_module_with_bincode_is_found() {
    let (one, two) = (source("a.rs", "use bincode;"), source("b.rs", "bincode::encode(x)"));
    let prose = source("c.rs", "// bincode\nlet a = \"bincode\";");
    assert_eq!(bincode(&[one, prose]).len(), 0);
    let one = source("a.rs", "use bincode;");
    assert_eq!(bincode(&[one, two]).len(), 1);
}
