/** What stands after the `?` of an address, all of it as text: the router's own reading makes `false` and ids of digits something else. */
export const readSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search));
