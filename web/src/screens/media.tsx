import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { fileAddress } from "../api";
import { useWords } from "../i18n";
import { player } from "../learn/video";
import { OpenFile } from "./files";

/** For how long a file's address holds at least. */
const HOLDS = 200_000;

const useFile = (path: string, enabled: boolean) => useQuery({ queryKey: ["file", path], queryFn: () => fileAddress(path), enabled, staleTime: HOLDS, refetchOnWindowFocus: false });

/** A picture that the service keeps is fetched by its short-lived address; another one is shown as it is. */
export function Picture({ address }: { address: string }) {
  const { t } = useWords();
  const ours = address.startsWith("/api/");
  const file = useFile(address, ours);
  const source = ours ? file.data : address;
  return source ? <img className="picture" src={source} alt={t("picture")} /> : null;
}

/** Slides or a document within the page where the browser can show them, and always in a tab of their own. */
export function Slides({ path, title }: { path: string; title: string }) {
  const { t } = useWords();
  const within = navigator.pdfViewerEnabled;
  const file = useFile(path, within);
  return (
    <div className="media">
      {within && file.data ? (
        // oxlint-disable-next-line react/iframe-missing-sandbox -- browsers show no PDF in a sandbox; the file is the service's own
        <iframe className="slides" src={`${file.data}#view=FitH`} title={t("slidesOf", { title })} />
      ) : null}
      <p className="files">
        <OpenFile path={path} label={t("openDocument")} />
      </p>
    </div>
  );
}

/** A video; one of another site is loaded when it is asked for, so that the site does not learn who reads the lesson. */
export function Video({ address, title }: { address: string; title: string }) {
  const { t } = useWords();
  const [shown, setShown] = useState(false);
  const found = player(address);
  if (found?.kind === "file") {
    return (
      <div className="media">
        {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- the service keeps no captions beside a foreign address */}
        <video className="video" src={found.address} controls preload="none" />
      </div>
    );
  }
  return (
    <div className="media">
      {found && shown ? (
        <iframe
          className="video"
          src={found.address}
          title={t("videoOf", { title })}
          // oxlint-disable-next-line react/iframe-missing-sandbox -- a player of another site is another origin all the same
          sandbox="allow-scripts allow-same-origin allow-popups allow-presentation"
          allow="fullscreen; picture-in-picture"
          allowFullScreen
          referrerPolicy="strict-origin-when-cross-origin"
        />
      ) : null}
      {found && !shown ? (
        <button type="button" className="video poster" onClick={() => setShown(true)}>
          <span>{t("playVideo")}</span>
          <small>{t("playVideoFrom", { host: new URL(found.address).hostname })}</small>
        </button>
      ) : null}
      <p className="files">
        <a className="button" href={address} target="_blank" rel="noreferrer">
          {t("watchVideo")}
        </a>
      </p>
    </div>
  );
}
