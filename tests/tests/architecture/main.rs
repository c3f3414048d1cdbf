//! The house's own rules, those that no lint can hold: which crate may know
//! which, and which words a source file may say. Every check is also shown
//! something that it must refuse.

mod code;
mod dependencies;
mod files;
mod manifest;
mod secrets;
mod words;
