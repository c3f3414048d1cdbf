//! docs/plugins.md, as `pages` reads it.

use crate::pages::Page;

#[test]
fn every_command_of_the_plugin_docs_does_what_they_say() {
    Page::of("plugins.md").follow();
}

#[test]
fn every_example_of_the_plugin_docs_is_what_the_wire_understands() {
    assert!(Page::of("plugins.md").check_examples() > 0);
}
