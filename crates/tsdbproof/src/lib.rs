//! The façade: a job, its report, its renderers.
