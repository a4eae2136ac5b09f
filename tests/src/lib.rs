//! Harness of the behaviour tests.
