//! Records in, answers out.
