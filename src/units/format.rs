//! How quantities are written for people and read back: engineering units, true minus, no false precision.
