/** How a video is shown within a page: by its site's own player, or as a file. */
export interface Player {
  kind: "player" | "file";
  address: string;
}

const YOUTUBE = /^(?:www\.|m\.)?youtube(?:-nocookie)?\.com$/;
const ID = /^[\w-]{6,20}$/;

/** The player of a video's address; null where there is none that we know. */
export function player(address: string): Player | null {
  if (!URL.canParse(address)) return null;
  const { protocol, hostname, pathname, searchParams } = new URL(address);
  if (protocol !== "https:") return null;
  const parts = pathname.split("/").filter(Boolean);
  if (hostname === "youtu.be") return youtube(parts[0]);
  if (YOUTUBE.test(hostname)) return youtube(parts[0] === "watch" ? (searchParams.get("v") ?? undefined) : parts[1]);
  if (hostname === "vimeo.com" || hostname === "player.vimeo.com") {
    const id = parts.find((part) => /^\d+$/.test(part));
    return id ? { kind: "player", address: `https://player.vimeo.com/video/${id}?dnt=1` } : null;
  }
  if (/\.(mp4|webm|m4v|ogv)$/i.test(pathname)) return { kind: "file", address };
  return null;
}

function youtube(id: string | undefined): Player | null {
  return id && ID.test(id) ? { kind: "player", address: `https://www.youtube-nocookie.com/embed/${id}` } : null;
}
