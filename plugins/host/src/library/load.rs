//! A private copy of a library is made, judged and mapped. The mapping stays
//! for ever unless the plugin promised that it may go.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use libloading::Library;
use ramson_abi::{MAX_NAME, Plugin as AbiPlugin, SYMBOL};

use super::descriptor::{Contents, Descriptor, Raw, Text};
use super::in_process::InProcess;
use super::report::{read_raw, understand};
use crate::link::PluginLink;
use crate::text::one_line;

/// Why a library was not loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LoadError {
    /// It is no plugin for this program.
    #[error("{0}")]
    Refused(String),
    /// It could not be copied or mapped.
    #[error("{0}")]
    Failed(String),
}

/// A private copy of a library, which nothing has run of yet. It is removed
/// when this is dropped; a mapping stays.
#[derive(Debug)]
pub(crate) struct PrivateCopy {
    folder: PathBuf,
    file: PathBuf,
    /// What the library says of itself.
    pub(crate) descriptor: Descriptor,
    raw: Raw,
}

static COPIES: AtomicU64 = AtomicU64::new(0);

/// Copies a library, so that the file may change while it is mapped and the
/// changed one can be mapped beside it, and reads the copy's descriptor.
pub(crate) fn copy(library: &Path, copies: &Path) -> Result<PrivateCopy, LoadError> {
    // What is no plugin is not worth a copy.
    read_raw(library).map_err(LoadError::Refused)?;
    let failed = |what: &str, path: &Path, error: std::io::Error| {
        LoadError::Failed(format!("{what} {}: {error}", path.display()))
    };
    let number = COPIES.fetch_add(1, Ordering::Relaxed);
    let folder = copies.join(format!("{}-{number}", std::process::id()));
    // One of the same number is left from a process that was killed.
    let _left = std::fs::remove_dir_all(&folder);
    private_folder(&folder).map_err(|error| failed("cannot create", &folder, error))?;
    let name = library.file_name().unwrap_or_default();
    let file = folder.join(name);
    let guard = Folder(folder.clone());
    std::fs::copy(library, &file).map_err(|error| failed("cannot copy to", &file, error))?;
    let (descriptor, raw) = read_raw(&file).map_err(LoadError::Refused)?;
    std::mem::forget(guard);
    Ok(PrivateCopy { folder, file, descriptor, raw })
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::debug!(folder = %folder.display(), %error, "a private copy stays");
    }
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if let Some(above) = folder.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(above)?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

impl PrivateCopy {
    /// Where it is.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Maps the copy. To be called on the plugin's own thread: what the
    /// library's constructors leave on a thread goes with it then.
    pub(crate) fn map(self) -> Result<Arc<dyn PluginLink>, LoadError> {
        map(&self.file, &self.raw)
    }
}

/// Maps the private copy of another process, which removes it.
pub(crate) fn map_copy(file: &Path) -> Result<Arc<dyn PluginLink>, LoadError> {
    let (_, raw) = read_raw(file).map_err(LoadError::Refused)?;
    map(file, &raw)
}

fn map(file: &Path, judged: &Raw) -> Result<Arc<dyn PluginLink>, LoadError> {
    let library = open(file).map_err(|error| {
        let reason = why_not(&error, file);
        LoadError::Failed(format!("its library cannot be mapped: {reason}"))
    })?;
    let mapped = descriptor_of(&library);
    let fits = mapped.as_ref().is_some_and(|(_, raw)| raw == judged);
    let Some((plugin, raw)) = mapped.filter(|_| fits) else {
        // Its constructors ran, so that it cannot be unmapped.
        std::mem::forget(library);
        let reason = "not a plugin: its descriptor is another one once it is mapped";
        return Err(LoadError::Refused(reason.to_owned()));
    };
    let unload = understand(&raw).is_ok_and(|it| it.unload && !it.ui);
    Ok(Arc::new(InProcess::new(library, plugin, unload)))
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "mapping a library runs its constructors")]
fn open(path: &Path) -> Result<Library, libloading::Error> {
    use libloading::os::unix;
    // All symbols are found now or it is no plugin; none of them serve others.
    // SAFETY: the file is ours alone, and its user chose to run what is in it.
    unsafe { unix::Library::open(Some(path), unix::RTLD_NOW | unix::RTLD_LOCAL) }.map(Library::from)
}

#[cfg(not(unix))]
#[allow(unsafe_code, reason = "mapping a library runs its constructors")]
fn open(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: the file is ours alone, and its user chose to run what is in it.
    unsafe { Library::new(path) }
}

/// The descriptor of a library whose file is not understood: it is mapped, and
/// stays so.
pub(super) fn read_mapped(path: &Path) -> Result<Contents, String> {
    let not_mapped = |error| format!("not a library: {}", why_not(&error, path));
    let library = open(path).map_err(not_mapped)?;
    let read = descriptor_of(&library);
    std::mem::forget(library);
    let (_, raw) = read.ok_or_else(|| format!("not a plugin: symbol {SYMBOL} is missing"))?;
    Ok(Contents { raw, needs: Vec::new(), imports: Vec::new() })
}

/// The descriptor of a mapped library, as the file's was read.
#[allow(unsafe_code, reason = "a descriptor is read through pointers")]
fn descriptor_of(library: &Library) -> Option<(AbiPlugin, Raw)> {
    // SAFETY: only the address is taken; it is not looked at as a function.
    let address = unsafe { library.get::<*const AbiPlugin>(SYMBOL).ok()?.try_as_raw_ptr()? };
    let plugin: *const AbiPlugin = address.cast();
    if plugin.is_null() || !plugin.is_aligned() {
        return None;
    }
    // SAFETY: the file's symbol is data of at least this size, aligned, with
    // numbers and pointers only, which have no wrong values.
    let plugin = unsafe { plugin.read() };
    let text = |at: *const core::ffi::c_char| {
        if at.is_null() {
            return Text::Missing;
        }
        let mut bytes = Vec::new();
        while bytes.len() <= MAX_NAME && bytes.last() != Some(&0) {
            // SAFETY: the same text was read from the file, where it ended
            // within the limit; nothing is read beyond its end.
            bytes.push(unsafe { at.add(bytes.len()).read() }.cast_unsigned());
        }
        Text::of(&bytes)
    };
    let raw = Raw {
        magic: plugin.magic,
        size: plugin.size,
        abi: (plugin.abi_major, plugin.abi_minor),
        flags: plugin.flags,
        id: text(plugin.id),
        name: text(plugin.name),
        version: text(plugin.version),
        encoding: plugin.encoding,
        schema: plugin.schema,
        topics: plugin.topics,
        grants: plugin.grants,
        create: plugin.create.is_some(),
        on_events: plugin.on_events.is_some(),
        run_ui: plugin.run_ui.is_some(),
        request_stop: plugin.request_stop.is_some(),
        destroy: plugin.destroy.is_some(),
    };
    Some((plugin, raw))
}

/// Libraries that every program here has.
const EVERYWHERE: &[&str] =
    &["libc.so", "libm.so", "libgcc_s.so", "libpthread.so", "libdl.so", "ld-linux"];

/// Symbols that a library takes and that were not found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// Where it looks for them they are not either: it cannot be mapped.
    Nowhere(String),
    /// They are not in this process; the system may have them.
    NotHere(String),
}

/// What a library takes from others and this process does not have. Says
/// nothing where it needs libraries of its own, which may have it.
#[cfg(unix)]
#[allow(unsafe_code, reason = "the dynamic linker is asked for addresses")]
pub(super) fn unresolved(needs: &[String], imports: &[String]) -> Option<Unresolved> {
    use libloading::os::unix;
    // No path: nothing but the system's own is opened.
    let plain = |need: &String| !need.contains('/');
    let known = |need: &String| EVERYWHERE.iter().any(|it| need.starts_with(it)) && plain(need);
    if !needs.iter().all(known) {
        return None;
    }
    let open = |need: &String| {
        // SAFETY: these are part of the system, and programs map them anyway.
        let library = unsafe { unix::Library::open(Some(need), unix::RTLD_LAZY) };
        library.map(Library::from)
    };
    let mut libraries = vec![Library::from(unix::Library::this())];
    let opened = needs.iter().map(open).collect::<Result<Vec<_>, _>>();
    let all_there = opened.is_ok();
    libraries.extend(opened.unwrap_or_default());
    let missing = imports.iter().filter(|name| {
        !libraries.iter().any(|library| {
            // SAFETY: only whether there is an address is asked.
            unsafe { library.get::<*const u8>(name.as_str()) }.is_ok()
        })
    });
    let names: Vec<String> = missing.take(8).map(|name| one_line(name)).collect();
    let text = format!("nothing here has the symbols that it takes: {}", names.join(", "));
    match (names.is_empty(), all_there) {
        (true, _) => None,
        (false, true) => Some(Unresolved::Nowhere(text)),
        (false, false) => Some(Unresolved::NotHere(text)),
    }
}

#[cfg(not(unix))]
pub(super) fn unresolved(_: &[String], _: &[String]) -> Option<Unresolved> {
    let _all = EVERYWHERE;
    None
}

/// What the linker says of a library that it does not map, without the path of
/// a copy that nobody knows.
fn why_not(error: &libloading::Error, path: &Path) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    one_line(text.trim().trim_start_matches(&format!("{}: ", path.display())))
}
