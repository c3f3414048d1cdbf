use std::path::{Path, PathBuf};

use ramson_wire::codec::Encoding;
use ramson_wire::{Grant, GrantSet, Topic};

use super::*;
use crate::trial::{c_library, c_plugin};

const UI: [&str; 2] = ["-DRUN_UI=run_ui", "-DREQUEST_STOP=request_stop"];

fn problems(library: &Path) -> Vec<String> {
    check(library).problems
}

#[test]
fn a_descriptor_is_read_from_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let flags = ["-DFLAGS=RP_FLAG_UNLOAD", "-DTOPICS=RP_TOPIC_MESSAGES", "-DGRANTS=RP_GRANT_SEND"];
    let report = check(&c_plugin(dir.path(), "trial", &flags));
    assert_eq!(report.problems, [""; 0]);
    assert_eq!(
        report.descriptor,
        Some(Descriptor {
            id: "org.example.trial".into(),
            title: "Trial".into(),
            version: "1.0".into(),
            abi: (1, 1),
            encoding: Encoding::Json,
            topics: [Topic::Messages].into_iter().collect(),
            grants: [Grant::Send].into_iter().collect(),
            ui: false,
            unload: true,
            durable: false,
        })
    );
    assert!(report.to_string().ends_with("it can be loaded"), "{report}");
}

#[test]
fn every_way_to_set_a_pointer_is_understood() {
    let dir = tempfile::tempdir().unwrap();
    let plain = read(&c_plugin(dir.path(), "plain", &[])).unwrap();
    // Packed relocations have no entry of their own.
    let packed = c_plugin(dir.path(), "packed", &["-Wl,-z,pack-relative-relocs"]);
    assert_eq!(read(&packed).as_ref(), Ok(&plain));
    // Data that others may replace is found over its symbol.
    let symbols = r#"
        #include "ramson_plugin.h"
        const char its_id[] = "org.example.trial", its_name[] = "Trial", its_version[] = "1.0";
        rp_status create(const rp_host *h, rp_slice c, void **s) { (void)h, (void)c, *s = 0; return 0; }
        rp_status on_events(void *s, const rp_event *e, size_t n) { (void)s, (void)e, (void)n; return 0; }
        void destroy(void *s) { (void)s; }
        const rp_plugin ramson_plugin_v1 = { RP_MAGIC, sizeof(rp_plugin), 1, 1, 0, its_id, its_name,
          its_version, RP_JSON, 0, 0, 0, create, on_events, 0, 0, destroy, 0 };
    "#;
    let symbols = c_library(dir.path(), "symbols", symbols, &[]);
    assert_eq!(read(&symbols), Ok(plain));
}

#[test]
fn a_mapped_library_says_the_same_as_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "mapped", &UI);
    let file = elf::read(&library).unwrap();
    assert_eq!(load::read_mapped(&library).unwrap().raw, file.raw);
    assert!(file.needs.iter().any(|it| it.starts_with("libc.so")), "{:?}", file.needs);
    assert!(file.imports.iter().any(|it| it == "fopen"), "{:?}", file.imports);
    let text = dir.path().join("libtext.so");
    std::fs::write(&text, "text").unwrap();
    assert!(load::read_mapped(&text).unwrap_err().starts_with("not a library: "));
}

#[test]
fn another_abi_is_refused_in_these_words() {
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "newer", &["-DABI=2,3", "-DID=\"\""]);
    let line = "built for plugin ABI 2.3, this program speaks 1.1: \
                rebuild the plugin against this program's SDK";
    assert_eq!(problems(&library), [line]);
    assert_eq!(read(&library), Err(line.to_owned()));
    // A later minor version only has more fields.
    assert_eq!(problems(&c_plugin(dir.path(), "minor", &["-DABI=1,7"])), [""; 0]);
}

#[test]
fn what_is_no_plugin_is_refused_in_these_words() {
    let dir = tempfile::tempdir().unwrap();
    let missing = "not a plugin: symbol ramson_plugin_v1 is missing";
    let other = c_library(dir.path(), "other", "int nothing(void) { return 1; }", &[]);
    assert_eq!(problems(&other), [missing]);
    let uses = "extern const int ramson_plugin_v1; int a(void) { return ramson_plugin_v1; }";
    assert_eq!(problems(&c_library(dir.path(), "uses", uses, &[])), [missing]);
    let function = "int ramson_plugin_v1(void) { return 1; }";
    assert_eq!(
        problems(&c_library(dir.path(), "function", function, &[])),
        ["not a plugin: symbol ramson_plugin_v1 is no constant data"]
    );
    assert_eq!(
        problems(&c_plugin(dir.path(), "magic", &["-DMAGIC=7"])),
        ["not a plugin: ramson_plugin_v1 does not begin with RP_MAGIC"]
    );
    let text = dir.path().join("libtext.so");
    for content in ["", "\x7fELF", "not a library at all, but a text of some length"] {
        std::fs::write(&text, content).unwrap();
        let found = problems(&text);
        assert!(matches!(&found[..], [one] if one.starts_with("not a library: ")), "{found:?}");
    }
    let nowhere = problems(&dir.path().join("nowhere.so"));
    assert!(nowhere[0].starts_with("not a library: No such file"), "{nowhere:?}");
    assert_eq!(problems(dir.path()), ["not a library: it is no file"]);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("-DNAME=\"{}\"", "n".repeat(65));
    let flags = [
        "-DID=\"Org/Trial\"",
        &long,
        "-DVERSION=\"1\\x1b\"",
        "-DFLAGS=(RP_FLAG_UI|1024)",
        "-DENCODING=9,0",
        "-DTOPICS=(1ull<<40)",
        "-DCREATE=NULL",
        "-DDESTROY=NULL",
    ];
    let report = check(&c_plugin(dir.path(), "wrong", &flags));
    assert_eq!(
        report.problems,
        [
            "its encoding 9 is unknown; RP_JSON is 1, RP_BINCODE is 2",
            "its id has the character 'O'; a-z, 0-9, '.' and '-' may stand there",
            "its name has more than 64 bytes",
            "its version has the character '\\u{1b}'; no control characters may stand there",
            "its function create is missing",
            "its function destroy is missing",
            "RP_FLAG_UI is set, and run_ui is missing",
            "RP_FLAG_UI is set, and request_stop is missing",
        ]
    );
    assert!(report.notes.contains(&"unknown flags are passed over: 0x400".to_owned()));
    assert!(report.notes.contains(&"unknown topics are passed over: 0x10000000000".to_owned()));
    assert_eq!(report.descriptor, None);
    assert!(report.to_string().ends_with("8 problems"), "{report}");
}

#[test]
fn bincode_of_another_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "schema", &["-DENCODING=RP_BINCODE,4000"]);
    let line = format!(
        "built for wire schema 4000, this program speaks {}: \
         rebuild the plugin against this program's SDK",
        ramson_wire::SCHEMA
    );
    assert_eq!(problems(&library), [line]);
}

#[test]
fn a_symbol_that_nobody_has_is_a_problem_and_named_when_it_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let source = format!(
        "extern int nobody_has_this(void); int call(void) {{ return nobody_has_this(); }}\n{}",
        include_str!("../trial/trial.c")
    );
    let lonely = c_library(dir.path(), "lonely", &source, &[]);
    let line = "nothing here has the symbols that it takes: nobody_has_this";
    assert_eq!(problems(&lonely), [line]);
    let copy = copy(&lonely, &dir.path().join("copies")).unwrap();
    let Err(LoadError::Failed(reason)) = copy.map() else { panic!("it was mapped") };
    let line = "its library cannot be mapped: undefined symbol: nobody_has_this";
    assert_eq!(reason, line);
    // What the system's libraries have is there, whether this program has them or not.
    let source = format!(
        "#include <math.h>\n double call(double x) {{ return cbrt(tgamma(x)); }}\n{}",
        include_str!("../trial/trial.c")
    );
    let calculates = c_library(dir.path(), "calculates", &source, &["-lm"]);
    assert_eq!(problems(&calculates), [""; 0]);
    assert_eq!(problems(&c_plugin(dir.path(), "good", &UI)), [""; 0]);
}

#[test]
fn a_file_that_is_not_named_like_a_library_is_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "echo", &[]);
    let other = dir.path().join("echo.bin");
    std::fs::copy(&library, &other).unwrap();
    assert_eq!(problems(&other), [NO_NAME]);
    // A name that leads to one serves as well.
    let link = dir.path().join("echo");
    std::os::unix::fs::symlink(&library, &link).unwrap();
    assert_eq!(problems(&link), [""; 0]);
}

/// A row of numbers that is the same each time.
fn numbers(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

#[test]
fn no_damaged_library_stops_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let whole = std::fs::read(c_plugin(dir.path(), "whole", &UI)).unwrap();
    let file = dir.path().join("libdamaged.so");
    let read = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        // Whatever it says, it says it.
        let report = check(&file);
        assert!(report.descriptor.is_some() || !report.is_good());
    };
    for part in 0..200 {
        read(&whole[..whole.len() * part / 200]);
    }
    let mut number = numbers(0x5EED);
    // The tables at both ends are where lies do the most.
    let section_headers = whole.len() - 64 * 28;
    for round in 0..1_000 {
        let mut bytes = whole.clone();
        for _ in 0..=number(8) {
            let at = match round % 3 {
                0 => number(1_024),
                1 => section_headers + number(64 * 28),
                _ => number(bytes.len()),
            };
            bytes[at] = match number(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at].wrapping_add(1),
                _ => u8::try_from(number(256)).unwrap(),
            };
        }
        read(&bytes);
    }
}

#[test]
fn a_private_copy_is_private_and_goes() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "copied", &[]);
    let copies = dir.path().join("copies");
    let copy = copy(&library, &copies).unwrap();
    let folders = |copies: &PathBuf| -> Vec<PathBuf> {
        std::fs::read_dir(copies).unwrap().map(|it| it.unwrap().path()).collect()
    };
    let [folder] = &folders(&copies)[..] else { panic!("one copy") };
    assert_eq!(std::fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    let link = copy.map().unwrap();
    assert_eq!(folders(&copies), [""; 0].map(PathBuf::from));
    link.forget();
}

#[test]
fn what_is_refused_leaves_no_copy() {
    let dir = tempfile::tempdir().unwrap();
    let library = c_plugin(dir.path(), "refused", &["-DABI=9,9"]);
    let copies = dir.path().join("copies");
    assert!(matches!(copy(&library, &copies), Err(LoadError::Refused(_))));
    assert!(!copies.exists());
    assert_eq!(GrantSet::NONE, GrantSet::default());
}

#[test]
fn a_library_of_which_a_part_is_missing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(c_plugin(dir.path(), "whole", &[])).unwrap();
    let (headers, entry) = (64, 56);
    let is_mapped = |bytes: &[u8], at: usize| bytes[at..at + 4] == 1_u32.to_le_bytes();
    let last = (0..20).map(|n| headers + n * entry).rfind(|at| is_mapped(&bytes, *at));
    let size = last.unwrap() + 32;
    bytes[size..size + 8].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    let file = dir.path().join("libpart.so");
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(problems(&file), ["not a library: it is cut short, or damaged"]);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("libpipe.so");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reading = std::thread::spawn(move || problems(&pipe));
    crate::trial::eventually("it is refused", || reading.is_finished());
    assert_eq!(reading.join().unwrap(), ["not a library: it is no file"]);
}
