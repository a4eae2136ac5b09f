//! `serasi registry`: links persons and registry rows in files, without a hub; says how good links are; invents files.

mod evaluate;
mod explain;
mod generate;
mod matching;
mod read;
mod write;

pub(crate) use evaluate::evaluate;
pub(crate) use generate::generate;
pub(crate) use matching::matching;

#[cfg(test)]
mod tests;
