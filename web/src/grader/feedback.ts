const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** What was written into a plain field, as the rich text that the service keeps; nothing where it is empty. */
export function asHtml(text: string): string | null {
  const paragraphs = text
    .split(/\n\s*\n/)
    .map((one) => one.trim())
    .filter(Boolean);
  if (paragraphs.length === 0) return null;
  return paragraphs.map((one) => `<p>${escaped(one).replaceAll("\n", "<br>")}</p>`).join("");
}

/** Rich text as it goes back into a plain field. */
export function asText(html: string | null): string {
  if (!html) return "";
  const lines = html.replaceAll(/<br\s*\/?>/g, "\n").replaceAll(/<\/(p|li|h\d|div|blockquote|tr)>/g, "\n\n");
  return new DOMParser().parseFromString(lines, "text/html").body.textContent.replaceAll(/\n{3,}/g, "\n\n").trim();
}

/** Points as a person writes them, with a point or a comma; null where they are none from 0 to `most`. */
export function asPoints(text: string, most: number): number | null {
  const written = text.trim().replace(",", ".");
  if (!/^\d+(\.\d+)?$/.test(written)) return null;
  const points = Number(written);
  return points <= most ? points : null;
}
