//! What is no plugin for this program, told in one line.

use std::fs;

use ramson_host::{Allowed, Limits, check};

use crate::support::{Scene, c_library, libraries};

/// The smallest plugin, with a gap for what is wrong.
const SMALLEST: &str = r#"
#include "ramson_plugin.h"
#ifndef MAGIC
#define MAGIC RP_MAGIC
#endif
#ifndef MAJOR
#define MAJOR RP_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR RP_ABI_MINOR
#endif
#ifndef SCHEMA
#define SCHEMA 0
#endif
#ifndef ENCODING
#define ENCODING RP_JSON
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
static int state;
static rp_status create(const rp_host *host, rp_slice config, void **self) {
  (void)host; (void)config; *self = &state; return RP_OK;
}
static rp_status on_events(void *self, const rp_event *events, size_t count) {
  (void)self; (void)events; (void)count; return RP_OK;
}
static void destroy(void *self) { (void)self; }
const rp_plugin ramson_plugin_v1 = {
  MAGIC, sizeof(rp_plugin), MAJOR, MINOR, FLAGS,
  "org.example.smallest", "Smallest", "1", ENCODING, SCHEMA, 0, 0,
  create, on_events, NULL, NULL, destroy, NULL
};
"#;

#[tokio::test]
async fn what_is_no_plugin_is_refused_in_one_line_before_its_code_runs() {
    let scene = Scene::new(102, Limits::default()).await;
    let source = scene.path("smallest.c");
    fs::write(&source, SMALLEST).unwrap();
    let build = |name: &str, more: &[&str]| {
        let library = scene.path(&format!("plugins/lib{name}.so"));
        c_library(&source, &library, more);
        library
    };
    let good = build("good", &[]);
    assert!(check(&good).problems.is_empty(), "{}", check(&good));
    scene.host.load("good", Allowed::Everything { accounts: None }).await.unwrap();

    let text = scene.path("plugins/libtext.so");
    fs::write(&text, "this is a text and no library").unwrap();
    let empty = scene.path("plugins/libempty.so");
    fs::write(&empty, "").unwrap();
    let half = scene.path("plugins/libhalf.so");
    let whole = fs::read(libraries().join("libramson_bot_echo.so")).unwrap();
    fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let plain = scene.path("plain.c");
    fs::write(&plain, "int nothing;\n").unwrap();
    let no_plugin = scene.path("plugins/libnone.so");
    c_library(&plain, &no_plugin, &[]);

    let abi = "built for plugin ABI 2.3, this program speaks 1.1: rebuild the plugin against this \
               program's SDK";
    let cases = [
        (build("abi", &["-DMAJOR=2", "-DMINOR=3"]), abi),
        (build("magic", &["-DMAGIC=7"]), "not a plugin"),
        (build("schema", &["-DENCODING=RP_BINCODE", "-DSCHEMA=99999"]), "schema 99999"),
        (build("encoding", &["-DENCODING=9"]), "encoding 9"),
        (build("noui", &["-DFLAGS=RP_FLAG_UI"]), "run_ui"),
        (no_plugin, "not a plugin: symbol ramson_plugin_v1 is missing"),
        (text, "not a library"),
        (empty, "not a library"),
        (half, "not a library"),
        (scene.path("plugins/libgone.so"), "No such file"),
    ];
    for (library, reason) in cases {
        let report = check(&library);
        assert!(
            report.problems.iter().any(|problem| problem.contains(reason)),
            "{}: {report}",
            library.display()
        );
        let path = library.display().to_string();
        let refused = scene.host.load(&path, Allowed::Everything { accounts: None }).await;
        let line = refused.expect_err("it is refused").to_string();
        assert!(line.contains(reason) && !line.contains('\n'), "{path}: {line}");
    }
    scene.end().await;
}

#[tokio::test]
async fn code_of_a_refused_library_does_not_run() {
    let scene = Scene::new(103, Limits::default()).await;
    let (source, mark) = (scene.path("loud.c"), scene.path("it-ran"));
    let loud = format!(
        "#include <stdio.h>\n__attribute__((constructor)) static void loud(void) {{\n  FILE *f = \
         fopen({:?}, \"w\");\n  if (f) fclose(f);\n}}\n{SMALLEST}",
        mark.display().to_string()
    );
    fs::write(&source, loud).unwrap();
    let library = scene.path("plugins/libloud.so");
    c_library(&source, &library, &["-DMAJOR=2"]);
    assert!(!check(&library).problems.is_empty());
    let path = library.display().to_string();
    assert!(scene.host.load(&path, Allowed::Everything { accounts: None }).await.is_err());
    assert!(!mark.exists(), "its constructor ran");
    // The same one, built for this program, does run.
    c_library(&source, &library, &[]);
    scene.host.load(&path, Allowed::Everything { accounts: None }).await.unwrap();
    assert!(mark.exists());
    scene.end().await;
}
