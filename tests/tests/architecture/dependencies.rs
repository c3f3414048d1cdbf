//! Which crate may know which. Dependencies run one way through the house:
//!
//! types, crypto, codec, then protocol and node side by side, then messages,
//! then each actor, then system, host, rpc, shell; and abi, wire, sdk, view, then
//! every plugin. The testkit sees both sides; plugins have it for their tests.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::files::{none, root};

/// What a crate is to the house; told by its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Types,
    Crypto,
    Codec,
    Protocol,
    Node,
    Messages,
    Actor,
    Localnet,
    System,
    Host,
    Rpc,
    Shell,
    Abi,
    Wire,
    Sdk,
    SdkDerive,
    View,
    Plugin,
    Testkit,
    /// Tests, benchmarks and fuzz targets look at everything.
    Outside,
}

use Part::*;

impl Part {
    fn of(folder: &str) -> Option<Self> {
        Some(match folder {
            "engine/types" => Types,
            "engine/crypto" => Crypto,
            "engine/codec" => Codec,
            "engine/protocol" => Protocol,
            "engine/node" => Node,
            "actors/messages" => Messages,
            "actors/localnet" => Localnet,
            "actors/system" => System,
            "plugins/host" => Host,
            "plugins/rpc" => Rpc,
            "plugins/shell" => Shell,
            "plugins/abi" => Abi,
            "plugins/wire" => Wire,
            "plugins/sdk" => Sdk,
            "plugins/sdk-derive" => SdkDerive,
            "plugins/view" => View,
            "plugins/testkit" => Testkit,
            "tests" | "tests/fuzz-targets" | "benches" | "fuzz" => Outside,
            // Plugins that misbehave.
            "tests/trial-plugin" | "tests/trial-bot" => Plugin,
            other if other.starts_with("actors/") => Actor,
            other if other.starts_with("plugins/") => Plugin,
            _ => return None,
        })
    }

    /// What it may know.
    const fn may_know(self) -> &'static [Self] {
        match self {
            Types | Abi | SdkDerive => &[],
            Crypto => &[Types],
            Codec => &[Types, Crypto],
            Protocol | Node => &[Types, Crypto, Codec],
            Localnet => &[Types, Crypto, Codec, Node],
            Messages => &[Types, Crypto, Codec, Protocol, Node],
            Actor => &[Types, Crypto, Codec, Protocol, Node, Messages],
            System => &[Types, Crypto, Codec, Protocol, Node, Messages, Actor, Localnet],
            Host => &[Types, Crypto, Codec, Protocol, Messages, System, Abi, Wire],
            Rpc => &[Types, Messages, System, Host, Abi, Wire],
            Shell => &[
                Types, Crypto, Codec, Protocol, Node, Messages, Actor, Localnet, System, Host, Rpc,
                Abi, Wire, Sdk, View, Plugin,
            ],
            Wire => &[Abi],
            Sdk => &[Abi, Wire, SdkDerive],
            View => &[Abi, Wire, Sdk],
            Plugin => &[Abi, Wire, Sdk, View],
            // A whole network, its people and a plugin, in one process.
            Testkit => &[
                Types, Crypto, Codec, Protocol, Node, Messages, Actor, Localnet, System, Host, Abi,
                Wire, Sdk, View,
            ],
            Outside => &[
                Types, Crypto, Codec, Protocol, Node, Messages, Actor, Localnet, System, Host, Rpc,
                Shell, Abi, Wire, Sdk, SdkDerive, View, Plugin, Testkit, Outside,
            ],
        }
    }

    const fn is_engine(self) -> bool {
        matches!(self, Types | Crypto | Codec | Protocol | Node)
    }

    /// Plugins see neither engine nor actors, not even in their tests; for
    /// those there is the testkit.
    const fn is_plugin_side(self) -> bool {
        matches!(self, Abi | Wire | Sdk | SdkDerive | View | Plugin)
    }

    /// What it may know for its tests.
    fn may_test_with(self, known: Self) -> bool {
        match self {
            Plugin => known == Testkit,
            other => !other.is_plugin_side(),
        }
    }
}

/// Crates of others that mean sockets, threads, a clock or files.
const NOT_IN_THE_ENGINE: &[&str] = &[
    "tokio",
    "actix",
    "actix-rt",
    "futures-util",
    "hyper",
    "hyper-util",
    "rustls",
    "tokio-rustls",
    "socket2",
    "mio",
    "redb",
    "getrandom",
];

/// What cargo knows of the workspace.
pub(crate) fn metadata() -> Result<Value, String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
        .current_dir(root())
        .output()
        .map_err(|why| format!("cargo metadata: {why}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|why| format!("cargo metadata: {why}"))
}

fn folder(metadata: &Value, manifest: &Value) -> Option<String> {
    let root = Path::new(metadata["workspace_root"].as_str()?);
    let folder = Path::new(manifest.as_str()?).parent()?;
    Some(folder.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/"))
}

fn wrong_arrows(metadata: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let folder = folder(metadata, &package["manifest_path"]).unwrap_or_default();
        let Some(part) = Part::of(&folder) else {
            complaints.push(format!(
                "{folder}: this folder has no place in the house; give it one in {}",
                file!()
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if let Some(why) = wrong(metadata, part, dependency) {
                let name = dependency["name"].as_str().unwrap_or_default();
                complaints.push(format!("{folder}/Cargo.toml: {name}: {why}"));
            }
        }
    }
    complaints
}

/// Why a part may not have a dependency.
fn wrong(metadata: &Value, part: Part, dependency: &Value) -> Option<String> {
    let for_tests = dependency["kind"] == "dev";
    let Some(path) = dependency["path"].as_str() else {
        let name = dependency["name"].as_str().unwrap_or_default();
        return (part.is_engine() && !for_tests && NOT_IN_THE_ENGINE.contains(&name)).then(|| {
            "the engine is bytes in, bytes out; what needs this crate belongs in an actor"
                .to_owned()
        });
    };
    let manifest = Value::from(format!("{path}/Cargo.toml"));
    let Some(known) = folder(metadata, &manifest).as_deref().and_then(Part::of) else {
        return Some("a path outside the house".to_owned());
    };
    let allowed = part.may_know().contains(&known) || for_tests && part.may_test_with(known);
    (!allowed).then(|| {
        format!(
            "{part:?} must not know {known:?}, only {:?}; move what is needed there, or send it \
             as a message",
            part.may_know()
        )
    })
}

#[test]
fn arrows_run_one_way() -> Result<(), String> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().map_or(0, Vec::len);
    if packages < 10 {
        return Err(format!("cargo metadata knows {packages} packages only"));
    }
    none(&wrong_arrows(&metadata))
}

#[test]
fn wrong_arrows_are_found() {
    let found = |from: &str, to: &str, kind: Option<&str>| {
        let path = format!("/house/{to}");
        let dependency = match to.contains('/') {
            true => serde_json::json!({ "name": to, "kind": kind, "path": path }),
            false => serde_json::json!({ "name": to, "kind": kind }),
        };
        let package = serde_json::json!({
            "manifest_path": format!("/house/{from}/Cargo.toml"),
            "dependencies": [dependency],
        });
        let house = serde_json::json!({ "workspace_root": "/house", "packages": [package] });
        wrong_arrows(&house).len()
    };
    let wrong = [
        ("engine/types", "engine/crypto"),
        ("engine/crypto", "engine/codec"),
        ("engine/protocol", "engine/node"),
        ("engine/node", "engine/protocol"),
        ("engine/protocol", "actors/messages"),
        ("engine/protocol", "tokio"),
        ("actors/messages", "actors/paths"),
        ("actors/identity", "actors/storage"),
        ("actors/identity", "actors/system"),
        ("actors/localnet", "actors/transport"),
        ("actors/localnet", "engine/protocol"),
        ("actors/system", "plugins/host"),
        ("plugins/host", "actors/paths"),
        ("plugins/host", "plugins/shell"),
        ("plugins/host", "plugins/rpc"),
        ("plugins/rpc", "engine/protocol"),
        ("plugins/bot-echo", "engine/types"),
        ("plugins/wire", "engine/types"),
        ("plugins/ui-web", "plugins/bot-echo"),
        ("plugins/bot-echo", "plugins/testkit"),
        ("plugins/sdk", "plugins/testkit"),
        ("plugins/shell", "plugins/testkit"),
        ("plugins/testkit", "plugins/bot-echo"),
        ("plugins/testkit", "plugins/shell"),
        ("elsewhere", "engine/types"),
    ];
    for (from, to) in wrong {
        assert_eq!(found(from, to, None), 1, "{from} knows {to}");
    }
    let right = [
        ("engine/codec", "engine/types"),
        ("engine/codec", "serde_json"),
        ("actors/identity", "actors/messages"),
        ("actors/system", "actors/identity"),
        ("actors/transport", "tokio"),
        ("plugins/shell", "actors/system"),
        ("plugins/rpc", "plugins/host"),
        ("plugins/bot-echo", "plugins/sdk"),
        ("plugins/testkit", "plugins/host"),
        ("plugins/testkit", "actors/localnet"),
        ("plugins/testkit", "actors/storage"),
        ("tests", "actors/localnet"),
    ];
    for (from, to) in right {
        assert_eq!(found(from, to, None), 0, "{from} knows {to}");
    }
    assert_eq!(found("engine/protocol", "engine/node", Some("dev")), 0);
    assert_eq!(found("engine/protocol", "tokio", Some("dev")), 0);
    assert_eq!(found("plugins/bot-echo", "engine/node", Some("dev")), 1);
    assert_eq!(found("plugins/bot-echo", "plugins/testkit", Some("dev")), 0);
    assert_eq!(found("plugins/bot-echo", "plugins/testkit", Some("build")), 1);
    assert_eq!(found("plugins/sdk", "plugins/testkit", Some("dev")), 1);
}
