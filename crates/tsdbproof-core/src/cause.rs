//! Why points differ.
