//! All payloads, both ways, in both encodings; bytes of strangers; the schema.

mod both_ways;
mod golden;
mod hostile;
mod json_schema;
mod numbers;
mod samples;
