//! Names, types, time: syntax tree to typed program.
