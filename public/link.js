// What scripts know of links; all else about them is the library's (src/scenario/link/).

/** Letters of a link that the reader takes. */
export const LONGEST_LINK = 65_536;
