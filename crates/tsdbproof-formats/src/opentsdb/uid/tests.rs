//! Tables of UIDs and what is wrong with them.
