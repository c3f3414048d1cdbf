//! Known answers, encode and decode. `RAMSON_VECTORS=DIR` reads another
//! folder of files of the same form.

use libtest_mimic::{Arguments, Failed, Trial};
use ramson_tests::{Cases, Folder, load};
use serde_json::Value;

mod active_nodes_bin;
mod bencode;
mod config;
mod content;
mod file_server;
mod identity;
mod message_hash;
mod mnemonic;
mod node_to_node;
mod onion;
mod onion_v4;
mod ons;
mod padding;
mod pro;
mod seeds;
mod session_protocol;
mod storage_rpc_cases;
mod storage_signatures;
mod swarm_mapping;

type Run = fn(&Value, &mut Cases);

/// Files that are run.
const FILES: &[(&str, Run)] = &[
    ("active-nodes-bin", active_nodes_bin::run),
    ("bencode", bencode::run),
    ("config-contacts", config::contacts::run),
    ("config-convo-volatile", config::convo_volatile::run),
    ("config-encrypt", config::encrypt::run),
    ("config-known-answers", config::known_answers::run),
    ("config-merge", config::merge::run),
    ("config-multipart", config::multipart::run),
    ("config-states", config::states::run),
    ("config-user-groups", config::user_groups::run),
    ("config-user-profile", config::user_profile::run),
    ("content", content::run),
    ("file-server", file_server::run),
    ("identity", identity::run),
    ("message-hash", message_hash::run),
    ("mnemonic", mnemonic::run),
    ("node-to-node", node_to_node::run),
    ("onion", onion::run),
    ("onion-v4", onion_v4::run),
    ("ons", ons::run),
    ("padding", padding::run),
    ("pro", pro::run),
    ("seeds", seeds::run),
    ("session-protocol", session_protocol::run),
    ("storage-rpc-cases", storage_rpc_cases::run),
    ("storage-signatures", storage_signatures::run),
    ("swarm-mapping", swarm_mapping::run),
];

/// Files of parts that are not built yet. This list only ever shrinks.
const LATER: &[(&str, &str)] = &[
    ("attachments", "media"),
    ("blinded-messages", "communities"),
    ("blinding", "communities"),
    ("group-control", "groups"),
    ("group-info", "groups"),
    ("group-keys", "groups"),
    ("group-members", "groups"),
    ("group-message", "groups"),
    ("group-update-signatures", "groups"),
    ("push", "push notifications"),
    ("sogs-auth", "communities"),
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
