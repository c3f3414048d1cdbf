//! Reads a descriptor from a library file without running anything of it.
//!
//! Every number in the file may be a lie: each read is held within the file and
//! within a limit, and each loop within what was read.

use std::collections::BTreeMap;
use std::fs::File;
use std::mem::{offset_of, size_of};
use std::path::Path;

use object::elf;
use object::pod;
use object::read::elf::{
    Dyn as _, FileHeader as _, ProgramHeader as _, Rela as _, SectionHeader as _, Sym as _,
};
use object::read::{ReadCache, ReadRef as _};
use object::{LittleEndian, SectionIndex};
use ramson_abi::{MAX_NAME, Plugin as AbiPlugin, SYMBOL};

use super::descriptor::{Contents, Raw, Text};

/// The largest library that is looked at.
const FILE_LIMIT: u64 = 1 << 30;
/// The largest table of a library.
const TABLE_LIMIT: u64 = 64 << 20;
/// The most sections, segments and needed libraries.
const COUNT_LIMIT: usize = 65_535;

type Header = elf::FileHeader64<LittleEndian>;
type Section = elf::SectionHeader64<LittleEndian>;
type Segment = elf::ProgramHeader64<LittleEndian>;
type Symbol = elf::Sym64<LittleEndian>;
type Relocation = elf::Rela64<LittleEndian>;
type Entry = elf::Dyn64<LittleEndian>;

/// Where a pointer of the descriptor leads.
#[derive(Debug, Clone, Copy)]
enum Pointer {
    Null,
    At(u64),
    /// Into another library.
    Elsewhere,
}

struct Library<'a> {
    data: &'a ReadCache<File>,
    segments: &'a [Segment],
    sections: &'a [Section],
    symbols: &'a [Symbol],
    symbols_at: usize,
    names: &'a [u8],
}

/// The descriptor of a library, or one sentence that says why it has none.
pub(super) fn read(path: &Path) -> Result<Contents, String> {
    let not = |reason: &str| format!("not a library: {reason}");
    let about = std::fs::metadata(path).map_err(|error| not(&error.to_string()))?;
    // Even opening a pipe may take for ever.
    if !about.is_file() {
        return Err(not("it is no file"));
    }
    let file = File::open(path).map_err(|error| not(&error.to_string()))?;
    if about.len() > FILE_LIMIT {
        return Err(not("it has more than 1 GiB"));
    }
    let data = ReadCache::new(file);
    let library = Library::open(&data).map_err(|reason| not(&reason))?;
    if !library.is_whole(about.len()) {
        return Err(not(&cut(())));
    }
    library.descriptor()
}

fn cut<E>(_: E) -> String {
    "it is cut short, or damaged".to_owned()
}

impl<'a> Library<'a> {
    fn open(data: &'a ReadCache<File>) -> Result<Self, String> {
        let ident = data.read_bytes_at(0, 16).map_err(|()| "it is no ELF file".to_owned())?;
        let (magic, class, order) = (ident.get(..4), ident.get(4), ident.get(5));
        if magic != Some(&elf::ELFMAG) {
            return Err("it is no ELF file".to_owned());
        }
        if class != Some(&elf::ELFCLASS64) || order != Some(&elf::ELFDATA2LSB) {
            return Err("it is built for a machine that is not 64-bit little-endian".to_owned());
        }
        let header = Header::parse(data).map_err(cut)?;
        let end = LittleEndian;
        let machine = header.e_machine(end);
        if let Some(here) = machine_here().filter(|here| *here != machine) {
            let (there, here) = (machine_name(machine), machine_name(here));
            return Err(format!("it is built for {there}, and this machine is {here}"));
        }
        if header.e_type(end) != elf::ET_DYN {
            return Err("it is no shared library".to_owned());
        }
        let count = header.shnum(end, data).map_err(cut)?;
        if count > COUNT_LIMIT || header.phnum(end, data).map_err(cut)? > COUNT_LIMIT {
            return Err("it has too many sections".to_owned());
        }
        let segments = header.program_headers(end, data).map_err(cut)?;
        let sections = header.section_headers(end, data).map_err(cut)?;
        let mut library =
            Self { data, segments, sections, symbols: &[], symbols_at: 0, names: &[] };
        let table = sections.iter().position(|it| it.sh_type(end) == elf::SHT_DYNSYM);
        if let Some((at, table)) = table.and_then(|at| Some((at, sections.get(at)?))) {
            library.symbols_at = at;
            library.symbols = library.table(table)?;
            library.names = library.linked(table)?;
        }
        Ok(library)
    }

    /// Whether all that would be mapped is in the file: what is not, because the
    /// file is just being written, ends the process once it is touched.
    fn is_whole(&self, length: u64) -> bool {
        let end = LittleEndian;
        let mut mapped = self.segments.iter().filter(|it| it.p_type(end) == elf::PT_LOAD);
        mapped.all(|it| {
            let last = it.p_offset(end).checked_add(it.p_filesz(end));
            last.is_some_and(|last| last <= length)
        })
    }

    /// A section's bytes, within the limit.
    fn bytes(&self, section: &Section) -> Result<&'a [u8], String> {
        let Some((at, size)) = section.file_range(LittleEndian) else { return Ok(&[]) };
        if size > TABLE_LIMIT {
            return Err("it has a table of more than 64 MiB".to_owned());
        }
        self.data.read_bytes_at(at, size).map_err(cut)
    }

    fn table<T: pod::Pod>(&self, section: &Section) -> Result<&'a [T], String> {
        let bytes = self.bytes(section)?;
        let whole = bytes.len().checked_div(size_of::<T>()).unwrap_or(0);
        Ok(pod::slice_from_bytes(bytes, whole).map_err(cut)?.0)
    }

    /// The texts that a section's names are in.
    fn linked(&self, section: &Section) -> Result<&'a [u8], String> {
        let SectionIndex(index) = section.link(LittleEndian);
        self.sections.get(index).map_or(Ok(&[]), |names| self.bytes(names))
    }

    /// Whether a name in a table of texts is this one.
    fn is_named(names: &[u8], at: u32, name: &str) -> bool {
        let rest = usize::try_from(at).ok().and_then(|at| names.get(at..)).unwrap_or_default();
        rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
    }

    /// A name in a table of texts.
    fn name_at(names: &[u8], at: u64) -> Option<String> {
        let rest = names.get(usize::try_from(at).ok()?..)?;
        let most = rest.get(..1_024).unwrap_or(rest);
        let end = most.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(most.get(..end)?).into_owned())
    }

    /// At most so many bytes of what would be mapped at an address.
    fn at(&self, address: u64, most: usize) -> Option<&'a [u8]> {
        let end = LittleEndian;
        let within = |segment: &&Segment| {
            let (from, size) = (segment.p_vaddr(end), segment.p_filesz(end));
            segment.p_type(end) == elf::PT_LOAD
                && address.checked_sub(from).is_some_and(|inside| inside < size)
        };
        let segment = self.segments.iter().find(within)?;
        let inside = address.checked_sub(segment.p_vaddr(end))?;
        let left = segment.p_filesz(end).checked_sub(inside)?;
        let from = segment.p_offset(end).checked_add(inside)?;
        self.data.read_bytes_at(from, left.min(u64::try_from(most).ok()?)).ok()
    }

    fn descriptor(&self) -> Result<Contents, String> {
        let end = LittleEndian;
        let symbol = self.symbols.iter().find(|symbol| {
            !symbol.is_undefined(end) && Self::is_named(self.names, symbol.st_name(end), SYMBOL)
        });
        let symbol = symbol.ok_or_else(|| format!("not a plugin: symbol {SYMBOL} is missing"))?;
        if !matches!(symbol.st_type(), elf::STT_OBJECT | elf::STT_NOTYPE) {
            return Err(format!("not a plugin: symbol {SYMBOL} is no constant data"));
        }
        let base = symbol.st_value(end);
        let bytes = self
            .at(base, size_of::<AbiPlugin>())
            .filter(|bytes| bytes.len() == size_of::<AbiPlugin>())
            .ok_or_else(|| format!("not a plugin: symbol {SYMBOL} is no constant data"))?;
        let fields = Fields { bytes, pointers: self.pointers(base)? };
        let text = |at| match fields.pointer(at) {
            Pointer::Null => Text::Missing,
            Pointer::Elsewhere => Text::Elsewhere,
            Pointer::At(address) => {
                let most = MAX_NAME.saturating_add(1);
                self.at(address, most).map_or(Text::Elsewhere, Text::of)
            }
        };
        let there = |at| !matches!(fields.pointer(at), Pointer::Null);
        let raw = Raw {
            magic: fields.u32(offset_of!(AbiPlugin, magic)),
            size: fields.u32(offset_of!(AbiPlugin, size)),
            abi: (
                fields.u16(offset_of!(AbiPlugin, abi_major)),
                fields.u16(offset_of!(AbiPlugin, abi_minor)),
            ),
            flags: fields.u32(offset_of!(AbiPlugin, flags)),
            id: text(offset_of!(AbiPlugin, id)),
            name: text(offset_of!(AbiPlugin, name)),
            version: text(offset_of!(AbiPlugin, version)),
            encoding: fields.u32(offset_of!(AbiPlugin, encoding)),
            schema: fields.u32(offset_of!(AbiPlugin, schema)),
            topics: fields.u64(offset_of!(AbiPlugin, topics)),
            grants: fields.u64(offset_of!(AbiPlugin, grants)),
            create: there(offset_of!(AbiPlugin, create)),
            on_events: there(offset_of!(AbiPlugin, on_events)),
            run_ui: there(offset_of!(AbiPlugin, run_ui)),
            request_stop: there(offset_of!(AbiPlugin, request_stop)),
            destroy: there(offset_of!(AbiPlugin, destroy)),
        };
        Ok(Contents { raw, needs: self.needs(), imports: self.imports() })
    }

    /// Where the descriptor's pointers lead, as the loader would set them.
    fn pointers(&self, base: u64) -> Result<BTreeMap<usize, Pointer>, String> {
        let end = LittleEndian;
        let mut pointers = BTreeMap::new();
        let mut budget = TABLE_LIMIT;
        let tables = self.sections.iter().filter(|section| {
            section.sh_type(end) == elf::SHT_RELA
                && section.link(end) == SectionIndex(self.symbols_at)
        });
        for table in tables {
            let size = section_size(table);
            budget = budget
                .checked_sub(size)
                .ok_or_else(|| "not a library: it has tables of more than 64 MiB".to_owned())?;
            let relocations: &[Relocation] =
                self.table(table).map_err(|reason| format!("not a library: {reason}"))?;
            for relocation in relocations {
                let inside = relocation.r_offset(end).checked_sub(base);
                let inside = inside.and_then(|inside| usize::try_from(inside).ok());
                let Some(inside) = inside.filter(|it| *it < size_of::<AbiPlugin>()) else {
                    continue;
                };
                pointers.insert(inside, self.target(relocation));
            }
        }
        Ok(pointers)
    }

    fn target(&self, relocation: &Relocation) -> Pointer {
        let end = LittleEndian;
        let added = relocation.r_addend(end);
        let index = relocation.r_sym(end, false);
        if index == 0 {
            return Pointer::At(added.cast_unsigned());
        }
        let symbol = usize::try_from(index).ok().and_then(|index| self.symbols.get(index));
        match symbol.filter(|symbol| !symbol.is_undefined(end)) {
            Some(symbol) => Pointer::At(symbol.st_value(end).wrapping_add_signed(added)),
            None => Pointer::Elsewhere,
        }
    }

    fn needs(&self) -> Vec<String> {
        let end = LittleEndian;
        let table = self.sections.iter().find(|it| it.sh_type(end) == elf::SHT_DYNAMIC);
        let entries = table.map(|table| (self.table::<Entry>(table), self.linked(table)));
        let Some((Ok(entries), Ok(names))) = entries else { return Vec::new() };
        let needed = entries.iter().filter(|entry| entry.tag32(end) == Some(elf::DT_NEEDED));
        let names = needed.filter_map(|entry| Self::name_at(names, entry.d_val(end)));
        names.take(256).collect()
    }

    fn imports(&self) -> Vec<String> {
        let end = LittleEndian;
        let missing = self
            .symbols
            .iter()
            .filter(|symbol| symbol.is_undefined(end) && symbol.st_bind() == elf::STB_GLOBAL);
        let names = missing.filter_map(|it| Self::name_at(self.names, u64::from(it.st_name(end))));
        names.filter(|name| !name.is_empty()).take(COUNT_LIMIT).collect()
    }
}

fn section_size(section: &Section) -> u64 {
    section.file_range(LittleEndian).map_or(0, |(_, size)| size)
}

/// The descriptor's bytes in the file, and its pointers.
struct Fields<'a> {
    bytes: &'a [u8],
    pointers: BTreeMap<usize, Pointer>,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let end = at.saturating_add(N);
        let bytes = self.bytes.get(at..end).and_then(|bytes| bytes.try_into().ok());
        bytes.unwrap_or([0; N])
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    /// A pointer: where a relocation sets it, or what stands in the file, as
    /// with packed relocations.
    fn pointer(&self, at: usize) -> Pointer {
        match (self.pointers.get(&at), self.u64(at)) {
            (Some(pointer), _) => *pointer,
            (None, 0) => Pointer::Null,
            (None, address) => Pointer::At(address),
        }
    }
}

const fn machine_here() -> Option<u16> {
    if cfg!(target_arch = "x86_64") {
        Some(elf::EM_X86_64)
    } else if cfg!(target_arch = "aarch64") {
        Some(elf::EM_AARCH64)
    } else if cfg!(target_arch = "riscv64") {
        Some(elf::EM_RISCV)
    } else {
        None
    }
}

fn machine_name(machine: u16) -> String {
    match machine {
        elf::EM_X86_64 => "x86_64".to_owned(),
        elf::EM_AARCH64 => "aarch64".to_owned(),
        elf::EM_RISCV => "riscv64".to_owned(),
        elf::EM_386 => "x86".to_owned(),
        elf::EM_ARM => "arm".to_owned(),
        other => format!("machine {other}"),
    }
}
