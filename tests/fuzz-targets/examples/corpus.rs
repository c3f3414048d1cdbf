//! Writes the inputs that fuzzing begins with: `corpus FOLDER` makes a folder
//! for each target in it, and a dictionary where there are words. The names of
//! all targets are printed.
#![allow(clippy::print_stdout, reason = "fuzz/run reads the names")]

use std::path::Path;

use ramson_fuzz_targets::TARGETS;
use ramson_fuzz_targets::corpus::Known;

fn main() -> Result<(), String> {
    let folder = std::env::args_os().nth(1).ok_or("name the folder for the corpora")?;
    let known = Known::read()?;
    for target in TARGETS {
        let folder = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        for (number, input) in target.inputs(&known).iter().enumerate() {
            write(&folder.join(format!("from-vectors-{number:04}")), input)?;
        }
        let dictionary = target.dictionary(&known);
        if !dictionary.is_empty() {
            write(&folder.with_extension("dict"), dictionary.as_bytes())?;
        }
        println!("{}", target.name);
    }
    Ok(())
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(file, bytes).map_err(|why| format!("{}: {why}", file.display()))
}
