//! The control socket of a running engine.

use crate::show;

/// A line of the socket: any bytes, and any words where arguments stand. What
/// is refused is refused in one line.
pub fn control_request(data: &[u8]) {
    check(data);
    let text = String::from_utf8_lossy(data);
    let words: Vec<&str> = text.split('\0').collect();
    let request = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"), "args": words, "stdin": words.last(),
    });
    check(request.to_string().as_bytes());
}

fn check(line: &[u8]) {
    if let Err(sentence) = ramson_shell::control_request(line) {
        show(&sentence, line);
        assert!(!sentence.contains('\n'), "one line: {sentence}");
    }
}

pub(crate) mod corpus {
    use crate::corpus::Known;

    pub(crate) fn control_request(_: &Known) -> Vec<Vec<u8>> {
        let id = format!("05{}", "ab".repeat(32));
        let commands = [
            vec!["send", "--to", &id, "hello", "--json"],
            vec!["listen", "--count", "3", "--account", &id],
            vec!["messages", "--with", &id, "--limit", "10"],
            vec!["messages", "--with", "ann"],
            vec!["trace", "m1-42"],
            vec!["ledger", "status"],
            vec!["resolve", "ann", "--json"],
            vec!["network", "status", "--swarm", &id],
            vec!["account", "create", "--name", "Ann"],
            vec!["account", "restore"],
            vec!["account", "show", &id, "--phrase"],
            vec!["conversations", "--timeout", "9", "-v"],
        ];
        let version = env!("CARGO_PKG_VERSION");
        let mut inputs: Vec<Vec<u8>> = Vec::new();
        for words in commands {
            inputs.push(words.join("\0").into_bytes());
            let line = serde_json::json!({ "version": version, "args": words, "stdin": null });
            inputs.push(line.to_string().into_bytes());
        }
        inputs
    }
}
