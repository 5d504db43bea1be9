//! What OpenTSDB means by the rows and cells of its tables.
//!
//! | file | what |
//! | --- | --- |
//! | `qualifier` | one point: its qualifier and its value |
//! | `column` | what kind of column a cell is, and columns of many points |

pub(crate) mod column;
pub(crate) mod qualifier;
