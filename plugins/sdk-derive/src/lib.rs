//! `#[derive(Commands)]` of the SDK, which re-exports it with the trait that
//! it implements; `ramson_sdk::bot::Commands` documents both.
//!
//! | file | what |
//! |---|---|
//! | `read` | what an enum says: names, aliases, help, fields |
//! | `write` | the implementation that follows from it |

mod read;
mod write;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes commands of an enum; see the trait of the same name.
#[proc_macro_derive(Commands, attributes(command))]
pub fn commands(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match read::commands(&input) {
        Ok(commands) => write::commands(&commands).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
