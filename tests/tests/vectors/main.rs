//! Known answers, encode and decode. `RAMSON_VECTORS=DIR` reads another
//! folder of files of the same form.

use libtest_mimic::{Arguments, Failed, Trial};
use ramson_tests::{Cases, Folder, load};
use serde_json::Value;

mod content;
mod identity;
mod message_hash;
mod mnemonic;
mod onion;
mod padding;
mod seeds;
mod session_protocol;
mod storage_signatures;
mod swarm_mapping;

type Run = fn(&Value, &mut Cases);

/// Files that are run.
const FILES: &[(&str, Run)] = &[
    ("content", content::run),
    ("identity", identity::run),
    ("message-hash", message_hash::run),
    ("mnemonic", mnemonic::run),
    ("onion", onion::run),
    ("padding", padding::run),
    ("seeds", seeds::run),
    ("session-protocol", session_protocol::run),
    ("storage-signatures", storage_signatures::run),
    ("swarm-mapping", swarm_mapping::run),
];

/// Files of parts that are not built yet. This list only ever shrinks.
const LATER: &[(&str, &str)] = &[
    ("active-nodes-bin", "the network in a box"),
    ("attachments", "media"),
    ("bencode", "config messages"),
    ("blinded-messages", "communities"),
    ("blinding", "communities"),
    ("config-contacts", "config messages"),
    ("config-convo-volatile", "config messages"),
    ("config-encrypt", "config messages"),
    ("config-known-answers", "config messages"),
    ("config-merge", "config messages"),
    ("config-multipart", "config messages"),
    ("config-states", "config messages"),
    ("config-user-groups", "config messages"),
    ("config-user-profile", "config messages"),
    ("file-server", "the network in a box"),
    ("group-control", "groups"),
    ("group-info", "groups"),
    ("group-keys", "groups"),
    ("group-members", "groups"),
    ("group-message", "groups"),
    ("group-update-signatures", "groups"),
    ("node-to-node", "the network in a box"),
    ("onion-v4", "the network in a box"),
    ("ons", "the network in a box"),
    ("pro", "the account"),
    ("push", "push notifications"),
    ("sogs-auth", "communities"),
    ("storage-rpc-cases", "the network in a box"),
    ("subaccount", "groups"),
    ("v2-account-keys", "protocol v2"),
    ("v2-device-group", "protocol v2"),
    ("v2-linking", "protocol v2"),
    ("v2-message", "protocol v2"),
];

fn main() -> std::process::ExitCode {
    let folder = Folder::new("RAMSON_VECTORS", "vectors");
    let trials = match folder.names() {
        Ok(names) => names.into_iter().filter_map(trial).collect(),
        Err(why) => vec![Trial::test("folder", move || Err(why.into()))],
    };
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: String) -> Option<Trial> {
    if LATER.iter().any(|(later, _)| *later == name) {
        return None;
    }
    let run = FILES.iter().find(|(file, _)| *file == name).map(|(_, run)| *run);
    Some(Trial::test(name.clone(), move || {
        let run = run.ok_or_else(|| Failed::from(format!("{name}: no test reads this file")))?;
        let mut cases = Cases::default();
        run(&load(&Folder::new("RAMSON_VECTORS", "vectors"), &name)?, &mut cases);
        // The line with the count is what this run is for.
        #[allow(clippy::print_stdout)]
        {
            println!("{}", cases.finish(&name)?);
        }
        Ok(())
    }))
}
