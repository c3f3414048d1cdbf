//! Hot swaps: the new one is up before the old one stops.

use std::cell::Cell;
use std::time::Duration;

use ramson_host::{Allowed, Limits};
use ramson_wire::PluginState;

use crate::support::{Scene, mappings};

/// How often a plugin is swapped.
const SWAPS: usize = 200;

#[tokio::test]
async fn two_hundred_swaps_under_traffic_lose_no_event_and_leave_nothing_mapped() {
    let scene = Scene::new(112, Limits::default()).await;
    let (ann, bob) = (scene.account("Ann").await, scene.account("Bob").await);
    scene.trial("swapped", &format!("accounts = [\"{}\"]", bob.id), "").await;
    assert!(mappings("ramson_trial_plugin") > 0, "its mappings are found");
    let swapped = Cell::new(false);
    let sending = async {
        let mut sent = 0;
        while !swapped.get() {
            scene.engine.send_text(&ann.id, bob.id, format!("{sent}")).await.unwrap();
            sent += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        sent
    };
    let swapping = async {
        for _ in 0..SWAPS {
            let plugin = scene.host.swap("swapped").await.expect("it is swapped");
            assert_eq!(plugin.state, PluginState::Running);
        }
        swapped.set(true);
    };
    let (sent, ()) = tokio::join!(sending, swapping);
    let heard = || -> Vec<(u64, String)> {
        let notes = scene.notes("swapped");
        let messages = notes.iter().filter(|note| note["told"]["event"] == "message");
        let told = messages.filter_map(|note| {
            let text = note["told"]["message"]["text"].as_str()?;
            Some((note["seq"].as_u64()?, text.to_owned()))
        });
        let mut told: Vec<_> = told.collect();
        // Two of them write the same notes while one takes over.
        told.sort();
        told
    };
    scene.until("all messages are heard", || (heard().len() >= sent).then_some(())).await;
    let texts: Vec<String> = heard().into_iter().map(|(_, text)| text).collect();
    let all: Vec<String> = (0..sent).map(|number| number.to_string()).collect();
    assert_eq!(texts, all, "each is heard by one of them");
    let count = |did: &str| scene.notes("swapped").iter().filter(|it| it["did"] == did).count();
    assert_eq!((count("create"), count("drop")), (SWAPS + 1, SWAPS));

    scene.host.stop("swapped").await.unwrap();
    assert_eq!(mappings("ramson_trial_plugin"), 0, "something is still mapped");
    scene.end().await;
}

#[tokio::test]
async fn a_library_that_was_built_anew_is_what_runs_after_a_swap() {
    let scene = Scene::new(113, Limits::default()).await;
    let (source, library) = (scene.path("versions.c"), scene.path("plugins/libversions.so"));
    let code = |version: &str| {
        format!(
            "#include \"ramson_plugin.h\"\nstatic int state;\nstatic rp_status create(const rp_host *h, rp_slice c, void **s) {{ (void)h; (void)c; *s = &state; return RP_OK; }}\nstatic rp_status on_events(void *s, const rp_event *e, size_t n) {{ (void)s; (void)e; (void)n; return RP_OK; }}\nstatic void destroy(void *s) {{ (void)s; }}\nconst rp_plugin ramson_plugin_v1 = {{ RP_MAGIC, sizeof(rp_plugin), RP_ABI_MAJOR, RP_ABI_MINOR, 0, \"org.example.versions\", \"Versions\", \"{version}\", RP_JSON, 0, 0, 0, create, on_events, NULL, NULL, destroy, NULL }};\n"
        )
    };
    let build = |version: &str| {
        std::fs::write(&source, code(version)).unwrap();
        crate::support::c_library(&source, &library, &[]);
    };
    build("1");
    let plugin = scene.host.load("versions", Allowed::Everything { accounts: None }).await.unwrap();
    assert_eq!(plugin.version, "1");
    build("2");
    assert_eq!(scene.host.swap("versions").await.unwrap().version, "2");
    // One that is broken leaves the old one running.
    std::fs::write(&library, "no library").unwrap();
    scene.host.swap("versions").await.expect_err("it is no library");
    let still = scene.state("versions", |state| *state == PluginState::Running).await;
    assert_eq!(still.version, "2");
    scene.end().await;
}
