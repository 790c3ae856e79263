//! Where a name is defined: through `crate`, `self` and `super`, imports, renames and re-exports.

use std::collections::BTreeMap;

use crate::source::{Crate, FileId, Mention, ModuleId, Name, NamePath};

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Module(ModuleId),
    /// Something that a file defines, by its name there.
    Item(FileId, String),
    /// Something of another crate, by its whole path; also variables and type parameters.
    Foreign(Vec<String>),
}

/// The names that tie a file to another, with the line of each.
pub type Ties = BTreeMap<(FileId, FileId), Vec<(String, usize)>>;

impl Crate {
    /// What a name leads to; more than one thing when a module and an item are called the same.
    pub fn targets(&self, name: &Name) -> Vec<Target> {
        let mut found = self.follow(name.module, &name.path, &mut Vec::new());
        if name.mention == Mention::Macro
            && let [only] = &name.path.segments[..]
            && !found.iter().any(|target| matches!(target, Target::Item(..)))
        {
            // A macro is known to all below the module that defines it.
            let mut module = self.modules[name.module].parent;
            while let Some(id) = module {
                if self.modules[id].macros.contains(only) {
                    found = vec![Target::Item(self.modules[id].file, only.clone())];
                    break;
                }
                module = self.modules[id].parent;
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// `open` holds the imports being followed, so that `use check::check` does not lead to itself.
    fn follow(&self, module: ModuleId, path: &NamePath, open: &mut Vec<(ModuleId, usize)>) -> Vec<Target> {
        let segments = &path.segments[..];
        let [first, rest @ ..] = segments else { return vec![Target::Module(module)] };
        if path.foreign {
            return vec![Target::Foreign(segments.to_vec())];
        }
        let (mut found, mut rest) = match &**first {
            "crate" => (vec![Target::Module(0)], rest),
            "self" => (vec![Target::Module(module)], rest),
            "super" => (self.above(module), rest),
            _ => {
                let found = self.look_up(module, first, open);
                if found.is_empty() {
                    return vec![Target::Foreign(segments.to_vec())];
                }
                (found, rest)
            }
        };
        while let Some((segment, after)) = rest.split_first() {
            // A function may be called like the module that holds it, but has nothing inside.
            if found.iter().any(|target| matches!(target, Target::Module(_))) {
                found.retain(|target| matches!(target, Target::Module(_)));
            }
            found = found.iter().flat_map(|target| self.step(target, segment, open)).collect();
            rest = after;
        }
        found
    }

    fn above(&self, module: ModuleId) -> Vec<Target> {
        self.modules[module].parent.map(Target::Module).into_iter().collect()
    }

    /// One name further.
    fn step(&self, target: &Target, segment: &str, open: &mut Vec<(ModuleId, usize)>) -> Vec<Target> {
        match target {
            Target::Module(module) if segment == "super" => self.above(*module),
            Target::Module(module) => {
                let found = self.look_up(*module, segment, open);
                if found.is_empty() {
                    // The compiler found it there, so a macro has made it.
                    return vec![Target::Item(self.modules[*module].file, segment.to_owned())];
                }
                found
            }
            // A variant or an associated item.
            Target::Item(..) => vec![target.clone()],
            Target::Foreign(path) => {
                let mut path = path.clone();
                path.push(segment.to_owned());
                vec![Target::Foreign(path)]
            }
        }
    }

    /// What a module calls so.
    fn look_up(&self, module: ModuleId, name: &str, open: &mut Vec<(ModuleId, usize)>) -> Vec<Target> {
        let own = &self.modules[module];
        let mut found = Vec::new();
        if own.items.iter().any(|item| item == name) {
            found.push(Target::Item(own.file, name.to_owned()));
        }
        found
            .extend(own.children.iter().filter(|child| child.0 == name).map(|child| Target::Module(child.1)));
        for (index, import) in own.imports.iter().enumerate() {
            if import.name.as_deref() == Some(name) && !open.contains(&(module, index)) {
                open.push((module, index));
                found.extend(self.follow(module, &import.path, open));
                open.pop();
            }
        }
        found
    }

    /// Which file of the crate names, outside tests, what another defines. A re-export is a tie of those who use it, not
    /// of the file that hands on.
    pub fn ties(&self) -> Ties {
        let mut ties = Ties::new();
        for (from, file) in self.files.iter().enumerate() {
            let counted = |name: &&Name| !name.test && !matches!(name.mention, Mention::Reexport);
            for name in file.names.iter().filter(counted) {
                for target in self.targets(name) {
                    let Target::Item(to, item) = target else { continue };
                    if to != from {
                        let tie: &mut Vec<_> = ties.entry((from, to)).or_default();
                        if !tie.iter().any(|known| known.0 == item) {
                            tie.push((item, name.line));
                        }
                    }
                }
            }
        }
        ties
    }

    /// Imports of everything in a module of the crate, outside tests: they hide what a file names.
    pub fn globs(&self) -> Vec<(FileId, usize)> {
        let mut found = Vec::new();
        for (id, file) in self.files.iter().enumerate() {
            for name in file.names.iter().filter(|name| name.mention == Mention::Glob && !name.test) {
                if self.targets(name).iter().any(|target| matches!(target, Target::Module(_))) {
                    found.push((id, name.line));
                }
            }
        }
        found
    }
}
