//! Where mutation begins: what stands in the vectors and transcripts of
//! `tests/`. Nothing is kept twice; the files are read when it is needed.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::Target;

/// Longer inputs teach a fuzzer little and cost it much.
const LONGEST: usize = 8 * 1024;

/// Vectors and transcripts, as JSON.
pub struct Known {
    vectors: Vec<(String, Value)>,
    golden: Vec<(String, Value)>,
}

impl Known {
    /// Reads the files of this checkout.
    pub fn read() -> Result<Self, String> {
        Ok(Self { vectors: folder("vectors")?, golden: folder("golden")? })
    }

    /// Everything under one of `keys`, at any depth of one file of vectors.
    pub(crate) fn under(&self, file: &str, keys: &[&str]) -> Vec<Value> {
        let mut found = Vec::new();
        for (_, json) in self.vectors.iter().filter(|(name, _)| name == file) {
            collect(json, keys, &mut found);
        }
        found
    }

    /// Hex under one of `keys`, as bytes.
    pub(crate) fn hex(&self, file: &str, keys: &[&str]) -> Vec<Vec<u8>> {
        let texts = self.under(file, keys);
        texts.iter().filter_map(|text| hex::decode(text.as_str()?).ok()).collect()
    }

    /// Texts as they are, all else as JSON.
    pub(crate) fn text(&self, file: &str, keys: &[&str]) -> Vec<Vec<u8>> {
        self.under(file, keys).iter().map(text).collect()
    }

    /// Every step of every transcript, with the transcript's name.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.golden.iter().flat_map(|(name, json)| {
            let steps = json.get("steps").and_then(Value::as_array);
            steps.into_iter().flatten().map(move |step| (name.as_str(), step))
        })
    }

    /// Bodies posted to the storage RPC, in the open or in an onion.
    pub(crate) fn storage_requests(&self) -> Vec<Vec<u8>> {
        let request = |(_, step): (&str, &Value)| match step.get("onion") {
            Some(onion) => base64(onion.get("final_body_b64")),
            None => base64(step.pointer("/request/body_b64")),
        };
        self.steps().filter_map(request).collect()
    }

    /// Bodies that nodes answered with.
    pub(crate) fn storage_answers(&self) -> Vec<Vec<u8>> {
        let answer = |(_, step): (&str, &Value)| match step
            .pointer("/response/onion_decoded/plaintext_json/body")
        {
            Some(body) => Some(text(body)),
            None => base64(step.pointer("/response/body_b64")),
        };
        self.steps().filter_map(answer).collect()
    }
}

impl Target {
    /// The inputs to begin with: in a fixed order, none twice, none too long,
    /// the empty one first.
    pub fn inputs(&self, known: &Known) -> Vec<Vec<u8>> {
        let mut seen = BTreeSet::new();
        let all = std::iter::once(Vec::new()).chain((self.corpus)(known));
        all.filter(|input| input.len() <= LONGEST && seen.insert(input.clone())).collect()
    }

    /// Short texts in quotes that the inputs hold, in libFuzzer's form of a
    /// dictionary: names of methods and parameters, mostly.
    pub fn dictionary(&self, known: &Known) -> String {
        let mut words = BTreeSet::new();
        for input in self.inputs(known) {
            let text = String::from_utf8_lossy(&input);
            let short = text.split('"').filter(|word| (2..=24).contains(&word.len()));
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            words.extend(short.filter(|word| word.bytes().all(plain)).map(str::to_owned));
        }
        words.iter().map(|word| format!("\"\\\"{word}\\\"\"\n")).collect()
    }
}

/// The inputs behind each of some first bytes, for targets that choose by it.
pub(crate) fn behind(first: &[&[u8]], inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let all = first.iter().flat_map(|first| inputs.iter().map(move |input| (first, input)));
    all.map(|(first, input)| [*first, input.as_slice()].concat()).collect()
}

/// A text as it is, anything else as JSON.
pub(crate) fn text(value: &Value) -> Vec<u8> {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).into_bytes()
}

pub(crate) fn base64(value: Option<&Value>) -> Option<Vec<u8>> {
    STANDARD.decode(value?.as_str()?).ok()
}

fn collect(json: &Value, keys: &[&str], found: &mut Vec<Value>) {
    match json {
        Value::Object(object) => {
            for (key, value) in object {
                if keys.contains(&key.as_str()) {
                    found.push(value.clone());
                }
                collect(value, keys, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, keys, found)),
        _ => {}
    }
}

fn folder(name: &str) -> Result<Vec<(String, Value)>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let complain = |why: std::io::Error| format!("{}: {why}", path.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&path).map_err(complain)? {
        let path = entry.map_err(complain)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let complain = |why: String| format!("{}: {why}", path.display());
            let text = std::fs::read_to_string(&path).map_err(|why| complain(why.to_string()))?;
            let json = serde_json::from_str(&text).map_err(|why| complain(why.to_string()))?;
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
            files.push((name.unwrap_or_default(), json));
        }
    }
    files.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(files)
}
