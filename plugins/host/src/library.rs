//! A plugin's library: as a file, and mapped.
//!
//! | file | what |
//! |---|---|
//! | `elf` | the descriptor, read from the file without running anything |
//! | `descriptor` | what is wrong with a descriptor |
//! | `report` | everything that is wrong with a library |
//! | `find` | a library by its plugin's name |
//! | `load` | a private copy is mapped |
//! | `in_process` | calls into it |

mod descriptor;
mod elf;
mod find;
mod in_process;
mod load;
mod report;
#[cfg(test)]
mod tests;

pub use descriptor::Descriptor;
pub use report::Report;

pub(crate) use find::{NO_NAME, find, found};
pub use find::{is_path, name_of};
pub(crate) use load::{LoadError, PrivateCopy, copy, map_copy};
pub(crate) use report::{check, read};
