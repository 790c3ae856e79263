//! How fast one chip does one thing: kernel law, collectives, links, memory and SRAM pipelines.
