//! Message padding.

use ramson_crypto::padding::{pad, unpad};
use ramson_tests::fields::{hex, list, run_sections, size};
use ramson_tests::{Cases, expect_eq};
use serde_json::Value;

pub(crate) fn run(file: &Value, cases: &mut Cases) {
    run_sections(
        file,
        cases,
        &["description", "group_padding"],
        &[("new_rule", new_rule), ("old_rule", old_rule), ("unpad", unpadded)],
    );
    cases.skip("group_padding", "padding of group messages comes with groups");
}

fn new_rule(_: &Value, section: &Value) -> Result<(), String> {
    for case in list(section, "lengths")? {
        let text = vec![0x41; size(case, "plaintext_len")?];
        let padded = pad(&text);
        expect_eq("length", padded.len(), size(case, "padded_len")?)?;
        let zeros = padded.iter().rev().take_while(|byte| **byte == 0).count();
        expect_eq("zeros", zeros, size(case, "zero_bytes_after_0x80")?)?;
        expect_eq("text", unpad(&padded), &text)?;
    }
    for case in list(section, "examples")? {
        let (text, padded) = (hex(case, "plaintext_hex")?, hex(case, "padded_hex")?);
        expect_eq("padded", pad(&text), padded.clone())?;
        expect_eq("text", unpad(&padded), &text)?;
    }
    Ok(())
}

/// Nobody pads so any more; it must still be read.
fn old_rule(_: &Value, section: &Value) -> Result<(), String> {
    for case in list(section, "lengths")? {
        let text = vec![0x41; size(case, "plaintext_len")?];
        let mut padded = text.clone();
        padded.push(0x80);
        padded.resize(size(case, "padded_len")?, 0);
        let zeros = padded.iter().rev().take_while(|byte| **byte == 0).count();
        expect_eq("zeros", zeros, size(case, "zero_bytes_after_0x80")?)?;
        expect_eq("text", unpad(&padded), &text)?;
    }
    Ok(())
}

fn unpadded(_: &Value, case: &Value) -> Result<(), String> {
    let padded = hex(case, "padded_hex")?;
    expect_eq("text", unpad(&padded).to_vec(), hex(case, "plaintext_hex")?)
}
