//! Cuts a module in two: what a first visit runs, and cold functions, which come with the first touch.
//!
//! Which functions are cold says a list of names (`tools/xtask/cold.txt`, written by `cargo xtask visit`). The module
//! of the first visit keeps a door in place of each cold function that it calls or hands out: a function of the same
//! type that calls the cold one through the table of functions. The module of cold functions fills those places when it
//! comes. A door that is opened before makes the page fetch it there and then, and wait: no answer depends on which
//! functions are cold, only when they are fetched.
//!
//! Both share one memory, one table and the globals. Data stays with the first.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ConstExpr, Elements, EntityType, ExportKind, Instruction};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, ElementItems, ElementKind, Export, ExternalKind, FuncType,
    FunctionBody, FunctionSectionReader, GlobalType, Import, KnownCustom, MemoryType, Name, Operator, Parser,
    Payload, TableType, TypeRef,
};

use crate::names::{Function, brief};

/// Under which name a module of cold functions imports everything: it all comes from the first one.
pub const FIRST: &str = "first";

/// The name of the function that fetches the cold ones.
pub const FETCH: &str = "fetchCold";

/// The function table, as the linker exports it.
const TABLE: &str = "__indirect_function_table";

/// Below this many bytes a function is no larger than its door.
const WORTH_A_DOOR: usize = 24;

/// A module in two.
pub struct Halves {
    pub first: Vec<u8>,
    pub cold: Vec<u8>,
}

/// Cuts a module at the functions whose names `is_cold` knows. `script` names the script that has [`FETCH`]; the module
/// imports from it already.
pub fn halves(module: &[u8], script: &str, is_cold: impl Fn(&str) -> bool) -> Result<Halves> {
    let whole = Whole::read(module)?;
    let plan = Plan::new(&whole, is_cold)?;
    let first = first(&whole, &plan, script, module).context("cannot write the first half")?;
    let cold = cold(&whole, &plan).context("cannot write the cold half")?;
    Ok(Halves { first, cold })
}

/// A module that remembers which of its functions were called: a global of the name of [`flag`] for each, with 1 once it
/// was; and them all.
pub fn watched(module: &[u8]) -> Result<(Vec<u8>, Vec<Function>)> {
    let whole = Whole::read(module)?;
    let mut out = wasm_encoder::Module::new();
    let mut watch =
        Watch { functions: whole.bodies.len() as u32, globals: whole.globals.len() as u32, next: 0 };
    watch.parse_core_module(&mut out, Parser::new(0), module).context("cannot watch its functions")?;
    let functions = (0..)
        .zip(&whole.bodies)
        .map(|(own, body)| Function { name: whole.name(own), bytes: body.as_bytes().len() });
    Ok((out.finish(), functions.collect()))
}

/// The export that says whether a function was called.
pub fn flag(own: u32) -> String {
    format!("called{own}")
}

/// The names of functions as a list keeps them: without the hashes that a compiler gives them.
fn plain(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// What is read of a module.
struct Whole<'a> {
    types: Vec<FuncType>,
    imports: Vec<Import<'a>>,
    /// How many of the imports are functions.
    imported: u32,
    /// The type of each function, imported ones first.
    kinds: Vec<u32>,
    tables: Vec<TableType>,
    memories: Vec<MemoryType>,
    globals: Vec<GlobalType>,
    exports: Vec<Export<'a>>,
    start: Option<u32>,
    /// The places of the function table that are filled, with the function there.
    elements: Vec<(u32, u32)>,
    bodies: Vec<FunctionBody<'a>>,
    /// The names of its own functions, as the compiler gives them.
    names: BTreeMap<u32, &'a str>,
    type_section: Option<wasmparser::TypeSectionReader<'a>>,
}

impl<'a> Whole<'a> {
    fn read(module: &'a [u8]) -> Result<Self> {
        let mut whole = Self {
            types: Vec::new(),
            imports: Vec::new(),
            imported: 0,
            kinds: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            exports: Vec::new(),
            start: None,
            elements: Vec::new(),
            bodies: Vec::new(),
            names: BTreeMap::new(),
            type_section: None,
        };
        for payload in Parser::new(0).parse_all(module) {
            whole.take(payload.context("no WASM")?)?;
        }
        if whole.kinds.len() != whole.imported as usize + whole.bodies.len() {
            bail!("not as many functions are declared as defined");
        }
        Ok(whole)
    }

    fn take(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                self.type_section = Some(section.clone());
                self.types = section.into_iter_err_on_gc_types().collect::<Result<_, _>>()?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(kind) => {
                            self.imported += 1;
                            self.kinds.push(kind);
                        }
                        _ => bail!("{} is imported and no function", import.name),
                    }
                    self.imports.push(import);
                }
            }
            Payload::FunctionSection(section) => {
                for kind in section {
                    self.kinds.push(kind?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.tables.push(table?.ty);
                }
            }
            Payload::MemorySection(section) => {
                self.memories = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.globals.push(global?.ty);
                }
            }
            Payload::ExportSection(section) => {
                self.exports = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => {
                for element in section {
                    self.fill(element?)?;
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => self.name_all(&section)?,
            _ => {}
        }
        Ok(())
    }

    /// Notes which functions stand in the table.
    fn fill(&mut self, element: wasmparser::Element<'a>) -> Result<()> {
        let ElementKind::Active { table_index, offset_expr } = element.kind else {
            bail!("a list of functions belongs to no place of a table");
        };
        let ElementItems::Functions(functions) = element.items else { return Ok(()) };
        let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
            bail!("a list of functions has no constant place");
        };
        if table_index.unwrap_or(0) == 0 {
            for (place, function) in (u32::try_from(value)?..).zip(functions) {
                self.elements.push((place, function?));
            }
        }
        Ok(())
    }

    fn name_all(&mut self, section: &CustomSectionReader<'a>) -> Result<()> {
        let KnownCustom::Name(names) = section.as_known() else { return Ok(()) };
        for part in names {
            if let Name::Function(functions) = part? {
                for function in functions {
                    let function = function?;
                    if let Some(own) = function.index.checked_sub(self.imported) {
                        self.names.insert(own, function.name);
                    }
                }
            }
        }
        Ok(())
    }

    /// The name of a function of its own; empty if it has none.
    fn name(&self, own: u32) -> String {
        self.names.get(&own).map(|name| plain(name)).unwrap_or_default()
    }

    fn kind(&self, function: u32) -> Result<u32> {
        self.kinds.get(function as usize).copied().context("a function without a type")
    }
}

/// What a function uses.
#[derive(Default)]
struct Uses {
    functions: BTreeSet<u32>,
    globals: BTreeSet<u32>,
    /// It does with tables what only the module that has them should.
    tables: bool,
}

impl Uses {
    fn of(body: &FunctionBody<'_>) -> Result<Self> {
        let mut uses = Self::default();
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    uses.functions.insert(function_index);
                }
                Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
                    uses.globals.insert(global_index);
                }
                Operator::CallIndirect { table_index: 0, .. } => {}
                Operator::CallIndirect { .. }
                | Operator::RefFunc { .. }
                | Operator::TableGet { .. }
                | Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableSize { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. }
                | Operator::ElemDrop { .. }
                | Operator::MemoryInit { .. }
                | Operator::DataDrop { .. } => uses.tables = true,
                _ => {}
            }
        }
        Ok(uses)
    }
}

/// Which function goes where.
struct Plan {
    /// Cold functions, in their order.
    cold: BTreeSet<u32>,
    /// Those of them that the first half calls or hands out. Each has a place in the table behind all others.
    doors: Vec<u32>,
    /// The first of these places.
    place: u32,
    /// Functions of the first half that cold ones call, and imports.
    called: Vec<u32>,
    /// Globals that cold functions use.
    globals: Vec<u32>,
    /// The type of a function without parameters and results, of which the doors need one.
    nothing: u32,
}

impl Plan {
    fn new(whole: &Whole<'_>, is_cold: impl Fn(&str) -> bool) -> Result<Self> {
        let uses: Vec<Uses> = whole.bodies.iter().map(Uses::of).collect::<Result<_>>()?;
        let all = || (whole.imported..).zip(&uses);
        let listed: BTreeSet<u32> = all()
            .filter(|(function, uses)| {
                !uses.tables
                    && whole.start != Some(*function)
                    && is_cold(&whole.name(function - whole.imported))
            })
            .map(|(function, _)| function)
            .collect();
        let handed_out: BTreeSet<u32> = whole
            .elements
            .iter()
            .map(|(_, function)| *function)
            .chain(whole.exports.iter().filter(|own| own.kind == ExternalKind::Func).map(|own| own.index))
            .collect();
        // What is called by the first half and no larger than a door stays, and what it calls may then need a door in
        // turn: until nothing changes.
        let mut cold = listed;
        loop {
            let mut open = handed_out.clone();
            for (function, uses) in all() {
                if !cold.contains(&function) {
                    open.extend(&uses.functions);
                }
            }
            let small: Vec<u32> = (whole.imported..)
                .zip(&whole.bodies)
                .filter(|(function, body)| {
                    cold.contains(function) && open.contains(function) && body.as_bytes().len() < WORTH_A_DOOR
                })
                .map(|(function, _)| function)
                .collect();
            if small.is_empty() {
                let doors = cold.iter().filter(|function| open.contains(function)).copied().collect();
                return Self::of(whole, &uses, cold, doors);
            }
            for function in small {
                cold.remove(&function);
            }
        }
    }

    fn of(whole: &Whole<'_>, uses: &[Uses], cold: BTreeSet<u32>, doors: Vec<u32>) -> Result<Self> {
        let (mut called, mut globals) = (BTreeSet::new(), BTreeSet::new());
        for (function, uses) in (whole.imported..).zip(uses) {
            if cold.contains(&function) {
                called.extend(uses.functions.iter().filter(|own| !cold.contains(own)));
                globals.extend(&uses.globals);
            }
        }
        let table = whole.exports.iter().find(|own| own.name == TABLE).context("no table of functions")?;
        if table.kind != ExternalKind::Table || table.index != 0 {
            bail!("the table of functions is not the first one");
        }
        let place = whole.tables.first().context("no table")?.initial;
        let nothing = whole.types.iter().position(|own| own.params().is_empty() && own.results().is_empty());
        Ok(Self {
            cold,
            doors,
            place: u32::try_from(place)?,
            called: called.into_iter().collect(),
            globals: globals.into_iter().collect(),
            nothing: u32::try_from(nothing.context("no function without parameters")?)?,
        })
    }
}

/// Writes what a first visit runs.
fn first(whole: &Whole<'_>, plan: &Plan, script: &str, module: &[u8]) -> Result<Vec<u8>> {
    let mut numbers: Vec<u32> = (0..whole.imported).collect();
    // One more import stands before all others.
    let mut next = whole.imported + 1;
    for function in (whole.imported..).take(whole.bodies.len()) {
        numbers.push(if plan.cold.contains(&function) { 0 } else { next });
        next += u32::from(!plan.cold.contains(&function));
    }
    for function in &plan.doors {
        *numbers.get_mut(*function as usize).context("a door without a function")? = next;
        next += 1;
    }
    let mut out = wasm_encoder::Module::new();
    let mut first = First { whole, plan, script, numbers, ensure: next };
    first.parse_core_module(&mut out, Parser::new(0), module)?;
    Ok(out.finish())
}

struct First<'a> {
    whole: &'a Whole<'a>,
    plan: &'a Plan,
    script: &'a str,
    /// New numbers of functions.
    numbers: Vec<u32>,
    /// The number of the function that sees to it that the cold ones are there.
    ensure: u32,
}

impl First<'_> {
    fn stays(&self, function: u32) -> bool {
        !self.plan.cold.contains(&function)
    }

    /// A function that calls a cold one through its place in the table.
    fn door(&self, place: u32, function: u32) -> Result<wasm_encoder::Function> {
        let kind = self.whole.kind(function)?;
        let parameters = self.whole.types.get(kind as usize).context("a type is missing")?.params().len();
        let mut door = wasm_encoder::Function::new([]);
        door.instruction(&Instruction::Call(self.ensure));
        for parameter in 0..u32::try_from(parameters)? {
            door.instruction(&Instruction::LocalGet(parameter));
        }
        door.instruction(&Instruction::I32Const(i32::try_from(place)?));
        door.instruction(&Instruction::CallIndirect { type_index: kind, table_index: 0 });
        door.instruction(&Instruction::End);
        Ok(door)
    }

    /// Has the cold functions fetched where the last of their places is empty.
    fn ensuring(&self) -> Result<wasm_encoder::Function> {
        let last = self.plan.place + u32::try_from(self.plan.doors.len())? - 1;
        let mut ensure = wasm_encoder::Function::new([]);
        ensure.instruction(&Instruction::I32Const(i32::try_from(last)?));
        ensure.instruction(&Instruction::TableGet(0));
        ensure.instruction(&Instruction::RefIsNull);
        ensure.instruction(&Instruction::If(wasm_encoder::BlockType::Empty));
        ensure.instruction(&Instruction::Call(self.whole.imported));
        ensure.instruction(&Instruction::End);
        ensure.instruction(&Instruction::End);
        Ok(ensure)
    }
}

/// An error of ours where one of the encoder's is wanted: what was read before is read again, so that there is none.
fn lost(_: anyhow::Error) -> Error<Infallible> {
    Error::InvalidConstExpr
}

impl Reencode for First<'_> {
    type Error = Infallible;

    fn function_index(&mut self, number: u32) -> Result<u32, Error<Infallible>> {
        self.numbers.get(number as usize).copied().ok_or(Error::InvalidConstExpr)
    }

    fn parse_import_section(
        &mut self,
        imports: &mut wasm_encoder::ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_import_section(self, imports, section)?;
        imports.import(self.script, FETCH, EntityType::Function(self.plan.nothing));
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut wasm_encoder::FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for (function, kind) in (self.whole.imported..).zip(section) {
            if self.stays(function) {
                functions.function(kind?);
            }
        }
        for door in &self.plan.doors {
            functions.function(self.whole.kind(*door).map_err(lost)?);
        }
        functions.function(self.plan.nothing);
        Ok(())
    }

    fn parse_table(
        &mut self,
        tables: &mut wasm_encoder::TableSection,
        table: wasmparser::Table<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut ty = self.table_type(table.ty)?;
        if tables.is_empty() {
            let more = self.plan.doors.len() as u64;
            ty.minimum += more;
            ty.maximum = ty.maximum.map(|most| most + more);
        }
        tables.table(ty);
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut wasm_encoder::ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_export_section(self, exports, section)?;
        let plan = self.plan;
        for (name, (kind, number)) in (0..).map(brief).zip(shared(self.whole, plan)) {
            let number = if kind == ExportKind::Func { self.function_index(number)? } else { number };
            exports.export(&name, kind, number);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for (function, body) in (self.whole.imported..).zip(section) {
            if self.stays(function) {
                utils::parse_function_body(self, code, body?)?;
            }
        }
        for (place, door) in (self.plan.place..).zip(&self.plan.doors) {
            code.function(&self.door(place, *door).map_err(lost)?);
        }
        code.function(&self.ensuring().map_err(lost)?);
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut wasm_encoder::Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

/// What the cold half needs of the first, in the order in which it is named: memory, table, globals, functions.
fn shared<'a>(whole: &Whole<'_>, plan: &'a Plan) -> impl Iterator<Item = (ExportKind, u32)> + 'a {
    let memory = (!whole.memories.is_empty()).then_some((ExportKind::Memory, 0));
    memory
        .into_iter()
        .chain([(ExportKind::Table, 0)])
        .chain(plan.globals.iter().map(|global| (ExportKind::Global, *global)))
        .chain(plan.called.iter().map(|function| (ExportKind::Func, *function)))
}

/// Writes the cold functions.
fn cold(whole: &Whole<'_>, plan: &Plan) -> Result<Vec<u8>> {
    let mut numbers = BTreeMap::new();
    for (number, function) in (0..).zip(plan.called.iter().chain(&plan.cold)) {
        numbers.insert(*function, number);
    }
    let globals = (0..).zip(&plan.globals).map(|(number, global)| (*global, number)).collect();
    let mut half = Cold { numbers, globals };
    let (mut types, mut imports) = (wasm_encoder::TypeSection::new(), wasm_encoder::ImportSection::new());
    let section = whole.type_section.clone().context("no types")?;
    half.parse_type_section(&mut types, section)?;
    for (name, (kind, number)) in (0..).map(brief).zip(shared(whole, plan)) {
        let entity = match kind {
            ExportKind::Func => EntityType::Function(whole.kind(number)?),
            ExportKind::Global => {
                let global = *whole.globals.get(number as usize).context("a global is missing")?;
                EntityType::Global(half.global_type(global)?)
            }
            ExportKind::Memory => {
                EntityType::Memory(half.memory_type(*whole.memories.first().context("no memory")?)?)
            }
            _ => {
                let mut table = half.table_type(*whole.tables.first().context("no table")?)?;
                table.minimum += plan.doors.len() as u64;
                table.maximum = table.maximum.map(|most| most + plan.doors.len() as u64);
                EntityType::Table(table)
            }
        };
        imports.import(FIRST, &name, entity);
    }
    let (mut functions, mut code) = (wasm_encoder::FunctionSection::new(), wasm_encoder::CodeSection::new());
    for function in &plan.cold {
        functions.function(whole.kind(*function)?);
        let own = (function - whole.imported) as usize;
        utils::parse_function_body(&mut half, &mut code, whole.bodies.get(own).context("no body")?.clone())?;
    }
    let mut out = wasm_encoder::Module::new();
    out.section(&types).section(&imports).section(&functions);
    out.section(&half.places(whole, plan)?).section(&code);
    Ok(out.finish())
}

struct Cold {
    /// New numbers of functions.
    numbers: BTreeMap<u32, u32>,
    /// New numbers of globals.
    globals: BTreeMap<u32, u32>,
}

impl Cold {
    /// Puts the functions into their places behind the doors, and where the first half hands them out: who finds one
    /// there need not go through the door any more. The last place of all is filled last.
    fn places(&mut self, whole: &Whole<'_>, plan: &Plan) -> Result<wasm_encoder::ElementSection> {
        let mut filled: BTreeMap<u32, u32> =
            whole.elements.iter().filter(|(_, function)| plan.cold.contains(function)).copied().collect();
        filled.extend((plan.place..).zip(plan.doors.iter().copied()));
        let mut runs: Vec<(u32, Vec<u32>)> = Vec::new();
        for (place, function) in filled {
            let number = self.function_index(function)?;
            match runs.last_mut() {
                Some((start, run)) if *start as usize + run.len() == place as usize => run.push(number),
                _ => runs.push((place, vec![number])),
            }
        }
        let mut section = wasm_encoder::ElementSection::new();
        for (start, run) in runs {
            section.active(
                None,
                &ConstExpr::i32_const(i32::try_from(start)?),
                Elements::Functions(run.into()),
            );
        }
        Ok(section)
    }
}

impl Reencode for Cold {
    type Error = Infallible;

    fn function_index(&mut self, number: u32) -> Result<u32, Error<Infallible>> {
        self.numbers.get(&number).copied().ok_or(Error::InvalidConstExpr)
    }

    fn global_index(&mut self, number: u32) -> Result<u32, Error<Infallible>> {
        self.globals.get(&number).copied().ok_or(Error::InvalidConstExpr)
    }
}

/// Adds a flag to each function.
struct Watch {
    functions: u32,
    /// How many globals there were.
    globals: u32,
    /// The function whose body comes next.
    next: u32,
}

impl Reencode for Watch {
    type Error = Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut wasm_encoder::GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_global_section(self, globals, section)?;
        let flag =
            wasm_encoder::GlobalType { val_type: wasm_encoder::ValType::I32, mutable: true, shared: false };
        for _ in 0..self.functions {
            globals.global(flag, &ConstExpr::i32_const(0));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut wasm_encoder::ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_export_section(self, exports, section)?;
        for own in 0..self.functions {
            exports.export(&flag(own), ExportKind::Global, self.globals + own);
        }
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut wasm_encoder::CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        function.instruction(&Instruction::I32Const(1));
        function.instruction(&Instruction::GlobalSet(self.globals + self.next));
        self.next += 1;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            function.instruction(&self.parse_instruction(&mut reader)?);
        }
        code.function(&function);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wasm_encoder::{
        CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
        FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType,
        Module, NameMap, NameSection, RefType, TableSection, TableType, TypeSection, ValType,
    };
    use wasmparser::{Operator, Validator};

    use super::{Whole, flag, halves, watched};

    const NAMES: [&str; 6] = ["hot", "cold", "deep", "small", "helper", "virtual"];

    /// Some way to fill a function.
    const LONG: [Instruction<'static>; 16] = [const { Instruction::Nop }; 16];

    /// `hot` calls `cold` and `small`; `cold` calls `deep`, `helper` and an import and moves a global; `virtual` stands in
    /// the table alone.
    fn module() -> Vec<u8> {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        types.ty().function([], []);
        types.ty().function([ValType::I32, ValType::F64], [ValType::I32]);
        imports.import("page", "tell", EntityType::Function(0));
        let (mut functions, mut code, mut names) =
            (FunctionSection::new(), CodeSection::new(), NameMap::new());
        let give = [Instruction::LocalGet(0), Instruction::LocalGet(1)];
        let calls = |callee: u32| [&give[..], &[Instruction::Call(callee)]].concat();
        let bodies = [
            (1, [calls(2), vec![Instruction::Drop, Instruction::Call(4)], calls(2)].concat()),
            (
                1,
                [
                    &LONG[..],
                    &[Instruction::Call(0), Instruction::I32Const(7), Instruction::GlobalSet(0)],
                    &calls(3),
                    &[Instruction::Drop],
                    &calls(5),
                ]
                .concat(),
            ),
            (1, [LONG.to_vec(), vec![Instruction::LocalGet(0)]].concat()),
            (0, vec![]),
            (1, vec![Instruction::I32Const(5)]),
            (0, [LONG.to_vec(), LONG.to_vec()].concat()),
        ];
        for (number, (kind, instructions)) in (1..).zip(&bodies) {
            functions.function(*kind);
            let mut function = Function::new([]);
            for instruction in instructions {
                function.instruction(instruction);
            }
            function.instruction(&Instruction::End);
            code.function(&function);
            names.append(number, NAMES[number as usize - 1]);
        }
        let (mut tables, mut memories, mut globals) =
            (TableSection::new(), MemorySection::new(), GlobalSection::new());
        let three = TableType {
            element_type: RefType::FUNCREF,
            minimum: 3,
            maximum: Some(3),
            table64: false,
            shared: false,
        };
        tables.table(three);
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let number = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(number, &ConstExpr::i32_const(1));
        let (mut exports, mut elements, mut section) =
            (ExportSection::new(), ElementSection::new(), NameSection::new());
        exports.export("__indirect_function_table", ExportKind::Table, 0);
        exports.export("hot", ExportKind::Func, 1);
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions([5, 6][..].into()));
        section.functions(&names);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
        module.section(&globals).section(&exports).section(&elements).section(&code).section(&section);
        module.finish()
    }

    fn calls(whole: &Whole<'_>, function: u32) -> Vec<u32> {
        let body = &whole.bodies[(function - whole.imported) as usize];
        let operators = body.get_operators_reader().unwrap().into_iter();
        operators
            .filter_map(|own| {
                if let Operator::Call { function_index } = own.unwrap() { Some(function_index) } else { None }
            })
            .collect()
    }

    #[test]
    fn cold_functions_leave_doors_behind() {
        let module = module();
        Validator::new().validate_all(&module).unwrap();
        let cut = halves(&module, "loader", |name| !["hot", "helper"].contains(&name)).unwrap();
        Validator::new().validate_all(&cut.first).unwrap();
        Validator::new().validate_all(&cut.cold).unwrap();

        // What stays: hot, small, helper; then the doors of cold and virtual, and what opens them.
        let first = Whole::read(&cut.first).unwrap();
        assert_eq!((first.imported, first.bodies.len()), (2, 6));
        let (small, helper, [cold, last], ensure) = (3, 4, [5, 6], 7);
        assert_eq!(calls(&first, 2), [cold, small, cold]);
        assert_eq!(first.elements, [(1, helper), (2, last)]);
        for door in [cold, last] {
            assert_eq!(calls(&first, door), [ensure]);
        }
        assert_eq!(calls(&first, ensure), [1], "the second import fetches");
        assert_eq!(first.imports[1].name, super::FETCH);
        assert_eq!((first.tables[0].initial, first.tables[0].maximum), (5, Some(5)));

        // The import and helper are called, so they come first; deep needs no door.
        let own = first.exports.iter().map(|own| own.name).collect::<Vec<_>>();
        let rest = &cut.cold;
        let mut imports = Vec::new();
        let (mut bodies, mut places) = (0, BTreeMap::new());
        for payload in wasmparser::Parser::new(0).parse_all(rest) {
            match payload.unwrap() {
                wasmparser::Payload::ImportSection(section) => {
                    imports = section.into_imports().map(|import| import.unwrap().name).collect();
                }
                wasmparser::Payload::CodeSectionEntry(_) => bodies += 1,
                wasmparser::Payload::ElementSection(section) => {
                    for element in section {
                        let element = element.unwrap();
                        let wasmparser::ElementKind::Active { offset_expr, .. } = element.kind else {
                            panic!()
                        };
                        let Operator::I32Const { value } = offset_expr.get_operators_reader().read().unwrap()
                        else {
                            panic!()
                        };
                        let wasmparser::ElementItems::Functions(functions) = element.items else { panic!() };
                        places.extend((value..).zip(functions.into_iter().map(Result::unwrap)));
                    }
                }
                _ => {}
            }
        }
        assert!(imports.iter().all(|import| own.contains(import)), "{imports:?} of {own:?}");
        assert_eq!(
            (imports.len(), bodies),
            (5, 3),
            "memory, table, global, tell, helper; cold, deep, virtual"
        );
        assert_eq!(places, BTreeMap::from([(2, 4), (3, 2), (4, 4)]));
    }

    #[test]
    fn watched_functions_have_flags() {
        let module = module();
        let (watched, functions) = watched(&module).unwrap();
        Validator::new().validate_all(&watched).unwrap();
        assert_eq!(functions.iter().map(|own| &*own.name).collect::<Vec<_>>(), NAMES);
        let whole = Whole::read(&watched).unwrap();
        assert_eq!(whole.globals.len(), 7);
        assert!(whole.exports.iter().any(|own| own.name == flag(5)));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(halves(b"no module", "loader", |_| true).is_err());
        assert!(watched(&[]).is_err());
    }
}
