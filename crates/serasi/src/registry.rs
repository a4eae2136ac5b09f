//! `serasi registry`: links persons and registry rows in files, without a hub; says how good links are; invents files.
//! With a hub: who is owed a registration, and what became of it.

mod dtks;
mod evaluate;
mod explain;
mod generate;
mod matching;
mod obligations;
mod outcome;
mod read;
mod reconcile;
mod review;
mod write;

pub(crate) use evaluate::evaluate;
pub(crate) use generate::generate;
pub(crate) use matching::matching;
pub(crate) use obligations::{acknowledge, obligations};
pub(crate) use outcome::outcome;
pub(crate) use reconcile::reconcile;
pub(crate) use review::{reconciliations, review, undo};

#[cfg(test)]
mod tests;
