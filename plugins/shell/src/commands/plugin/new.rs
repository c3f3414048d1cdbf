//! `plugin new`: a plugin that builds, to begin with.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::PluginNewArgs;
use crate::console::Console;
use crate::error::Failure;
use crate::record::Record;
use ramson_host::{Readers, put_in_place};

/// Where the SDK is in the source tree.
const SDK: &str = "plugins/sdk";

/// The longest name; the plugin's id, which begins with `example.`, has to
/// keep to the contract's limit.
const MAX_NAME: usize = 40;

/// A file of the new project: its name, and its text with marks in it.
type Template = (&'static str, &'static str);

const RUST: &[Template] = &[
    ("Cargo.toml", include_str!("template/Cargo.toml.in")),
    ("src/lib.rs", include_str!("template/lib.rs.in")),
    ("README.md", include_str!("template/README.rust.md")),
];

const BOT: &[Template] = &[
    ("Cargo.toml", include_str!("template/Cargo.bot.toml.in")),
    ("src/lib.rs", include_str!("template/bot.rs.in")),
    ("README.md", include_str!("template/README.bot.md")),
];

const C: &[Template] = &[
    ("ramson_plugin.h", ramson_abi::HEADER),
    ("bot.c", include_str!("template/bot.c.in")),
    ("Makefile", include_str!("template/Makefile.in")),
    ("README.md", include_str!("template/README.c.md")),
];

/// Writes the project.
pub(crate) async fn run(args: &PluginNewArgs, console: &Console) -> Result<(), Failure> {
    let detail = make(args)?;
    console.record(&Record::Done { detail }).await
}

/// Writes the project, and says what to do with it.
fn make(args: &PluginNewArgs) -> Result<String, Failure> {
    let name = name(&args.name)?;
    let sdk = if args.c { None } else { Some(sdk(args.sdk.as_deref())?) };
    let testkit = match &sdk {
        Some(sdk) if args.bot => Some(testkit(sdk)?),
        _ => None,
    };
    let folder = args.folder.join(name);
    if folder.symlink_metadata().is_ok() {
        return Err(Failure::FolderExists { path: folder });
    }
    let library = format!("ramson_{}", name.replace('-', "_"));
    let path = |path: &Option<PathBuf>| {
        path.as_ref().map(|path| path.display().to_string()).unwrap_or_default()
    };
    let (sdk_path, testkit) = (path(&sdk), path(&testkit));
    let marks =
        [("@name@", name), ("@library@", &library), ("@sdk@", &sdk_path), ("@testkit@", &testkit)];
    let files = match args {
        PluginNewArgs { c: true, .. } => C,
        PluginNewArgs { bot: true, .. } => BOT,
        _ => RUST,
    };
    for (file, text) in files {
        let text = marks.iter().fold((*text).to_owned(), |text, (mark, it)| text.replace(mark, it));
        write(&folder.join(file), &text)?;
    }
    // The versions that this program was built with build its plugins as well.
    if let Some(lock) = sdk.and_then(|sdk| fs::read_to_string(sdk.join("../../Cargo.lock")).ok()) {
        write(&folder.join("Cargo.lock"), &lock)?;
    }
    let (build, built) = match args.c {
        true => ("make", format!("lib{library}.so")),
        false => ("cargo build --release", format!("target/release/lib{library}.so")),
    };
    let folder = folder.display();
    Ok(format!(
        "made {folder}; build it there with '{build}', then run it: ramson plugin run \
         {folder}/{built}"
    ))
}

fn name(name: &str) -> Result<&str, Failure> {
    let good = name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-');
    if good { Ok(name) } else { Err(Failure::InvalidPluginName { name: name.to_owned() }) }
}

/// The SDK's folder: the one that was named, else that of the source tree
/// which the program or the current folder is in.
fn sdk(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        let found = Some(named).filter(|sdk| sdk.join("Cargo.toml").is_file());
        let found = found.and_then(|sdk| fs::canonicalize(sdk).ok());
        return found.ok_or_else(|| Failure::NoSdk { asked: Some(named.to_owned()) });
    }
    let places = [std::env::current_exe().ok(), std::env::current_dir().ok()];
    let found = places.iter().flatten().find_map(|place| sdk_above(place));
    found.ok_or(Failure::NoSdk { asked: None })
}

fn sdk_above(place: &Path) -> Option<PathBuf> {
    let mut above = place.ancestors().map(|folder| folder.join(SDK));
    let found = above.find(|sdk| sdk.join("Cargo.toml").is_file())?;
    fs::canonicalize(found).ok()
}

/// The folder of the testkit, which is beside the SDK.
fn testkit(sdk: &Path) -> Result<PathBuf, Failure> {
    let found = sdk.parent().map(|plugins| plugins.join("testkit"));
    let found = found.filter(|testkit| testkit.join("Cargo.toml").is_file());
    found.ok_or_else(|| Failure::NoTestkit { sdk: sdk.to_owned() })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let io = |error| Failure::file(path, error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    put_in_place(path, text, Readers::All).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(name: &str, c: bool, folder: &Path) -> PluginNewArgs {
        let folder = folder.to_owned();
        PluginNewArgs { name: name.into(), rust: !c, bot: false, c, sdk: None, folder }
    }

    #[test]
    fn a_new_plugin_has_no_marks_left_and_its_own_workspace() {
        let place = tempfile::tempdir().unwrap();
        make(&args("bot-one", false, place.path())).unwrap();
        make(&args("bot-two", true, place.path())).unwrap();
        let sdk = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk"));
        let bot = PluginNewArgs { bot: true, sdk, ..args("bot-three", false, place.path()) };
        make(&bot).unwrap();
        for (folder, files) in [("bot-one", RUST), ("bot-two", C), ("bot-three", BOT)] {
            for (file, _) in files {
                let text = fs::read_to_string(place.path().join(folder).join(file)).unwrap();
                for mark in ["@name@", "@library@", "@sdk@", "@testkit@"] {
                    assert!(!text.contains(mark), "{folder}/{file}: {mark}");
                }
            }
        }
        for (folder, library, crates) in [
            ("bot-one", "ramson_bot_one", &[("dependencies", "ramson-sdk")][..]),
            (
                "bot-three",
                "ramson_bot_three",
                &[("dependencies", "ramson-sdk"), ("dev-dependencies", "ramson-testkit")],
            ),
        ] {
            let folder = place.path().join(folder);
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            let manifest: toml::Table = manifest.parse().unwrap();
            assert!(manifest.contains_key("workspace"));
            assert_eq!(manifest["lib"]["name"].as_str(), Some(library));
            for (table, name) in crates {
                let path = Path::new(manifest[*table][*name]["path"].as_str().unwrap());
                assert!(path.join("Cargo.toml").is_file(), "{name}: {}", path.display());
            }
            assert!(folder.join("Cargo.lock").is_file());
        }
    }

    #[test]
    fn a_bot_is_not_made_where_the_testkit_is_not_beside_the_sdk() {
        let place = tempfile::tempdir().unwrap();
        let sdk = place.path().join("sdk");
        fs::create_dir(&sdk).unwrap();
        fs::write(sdk.join("Cargo.toml"), "").unwrap();
        let args = args("bot", false, place.path());
        let args = PluginNewArgs { bot: true, sdk: Some(sdk), ..args };
        assert_eq!(make(&args).unwrap_err().kind(), "NoSdk");
        assert!(!place.path().join("bot").exists());
    }

    #[test]
    fn a_folder_that_is_there_stays_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("bot")).unwrap();
        let refused = make(&args("bot", true, place.path())).unwrap_err();
        assert_eq!(refused.kind(), "FolderExists");
        assert_eq!(fs::read_dir(place.path().join("bot")).unwrap().count(), 0);
    }

    #[test]
    fn a_name_is_one_that_a_library_can_have() {
        for good in ["bot", "bot-2", "a"] {
            assert_eq!(name(good).unwrap(), good);
        }
        for bad in ["", "Bot", "2bot", "-bot", "bot-", "bot_a", "../bot", "bot.so", &"b".repeat(41)]
        {
            assert_eq!(name(bad).unwrap_err().kind(), "InvalidName", "{bad}");
        }
    }
}
