//! `serasi`: the hub and its client in one binary.

fn main() {}
