//! The façade for JavaScript.
