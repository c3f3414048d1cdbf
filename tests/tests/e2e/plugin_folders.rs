//! Where plugins are found: beside the program, in its package, in the user's
//! own folder, and in the one that RAMSON_PLUGINS names.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Place, ramson};

#[test]
fn plugins_are_found_beside_the_program_in_its_package_and_in_the_users_folder() {
    let place = Place::new();
    place.account("home", "testnet");
    let beside = ramson().parent().unwrap();
    let put = |from: &str, folder: &str, to: &str| {
        let folder = place.path(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(beside.join(from), folder.join(to)).unwrap();
    };
    put("ramson", "package/bin", "ramson");
    put("libramson_bot_echo.so", "package/bin", "libramson_bot_beside.so");
    put("libramson_bot_echo.so", "package/lib/ramson/plugins", "libramson_bot_package.so");
    put("libramson_bot_echo.so", "user/.local/share/ramson/plugins", "libramson_bot_mine.so");
    put("libramson_bot_echo.so", "named", "libramson_bot_named.so");
    // An earlier folder hides what has the same name in a later one.
    put("libramson_bot_echo.so", "named", "libramson_bot_mine.so");

    let listed = |program: &Path| -> Vec<Value> {
        let output = Command::new(program)
            .args(["--home", "home", "plugin", "list", "--json"])
            .current_dir(place.path("."))
            .env("HOME", place.path("user"))
            .env("RAMSON_PLUGINS", place.path("named"))
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_STATE_HOME")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let plugins = listed(&place.path("package/bin/ramson"));
    for name in ["bot-beside", "bot-package", "bot-mine", "bot-named"] {
        let found: Vec<&Value> = plugins.iter().filter(|it| it["name"] == name).collect();
        assert_eq!(found.len(), 1, "{name}: {plugins:#?}");
    }
    assert!(!plugins.iter().any(|plugin| plugin["name"] == "bot-echo"), "{plugins:#?}");
    // What lies beside another program is not found by this one.
    assert!(!listed(ramson()).iter().any(|plugin| plugin["name"] == "bot-package"));
}
