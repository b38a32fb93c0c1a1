import { Link, Outlet } from "@tanstack/react-router";
import type { CSSProperties } from "react";
import { useWords, type Key } from "./i18n";
import { Icon } from "./parts/icons";
import { useMe, useUnread } from "./parts/queries";
import { useSession } from "./session";

const PLACES = [
  { to: "/", icon: "home", key: "navHome" },
  { to: "/courses", icon: "catalogue", key: "navCatalogue" },
  { to: "/certificates", icon: "certificate", key: "navCertificates" },
  { to: "/requirements", icon: "requirements", key: "navRequirements" },
  { to: "/notifications", icon: "bell", key: "navNotifications" },
] as const satisfies readonly { to: string; icon: Parameters<typeof Icon>[0]["name"]; key: Key }[];

function Unread({ count }: { count: number }) {
  const { t } = useWords();
  if (count === 0) return null;
  return (
    <span className="unread">
      <span aria-hidden="true">{count > 9 ? "9+" : count}</span>
      <span className="visually-hidden">{t("unread", { count })}</span>
    </span>
  );
}

/** What stands around every screen: the organization, where one can go, and who one is. */
export function Frame() {
  const { t } = useWords();
  const { signOut, person } = useSession();
  const me = useMe();
  const member = me.data?.is_member === true;
  const unread = useUnread(member);
  const organization = me.data?.organization;
  const colour = organization?.primary_color;
  const name = me.data?.name ?? person?.name ?? "";
  return (
    <div className="frame" style={colour ? ({ "--organization": colour } as CSSProperties) : undefined}>
      <a className="skip" href="#main">
        {t("skip")}
      </a>
      <header className="top">
        <Link className="brand" to="/">
          <bdi>{organization?.name ?? t("learning")}</bdi>
        </Link>
        {member ? (
          <nav className="places" aria-label={t("navMain")}>
            {PLACES.map((place) => (
              <Link key={place.to} to={place.to} activeOptions={{ exact: place.to === "/" }}>
                <Icon name={place.icon} />
                <span>{t(place.key)}</span>
                {place.icon === "bell" ? <Unread count={unread.data?.items.length ?? 0} /> : null}
              </Link>
            ))}
          </nav>
        ) : null}
        <details className="account">
          <summary>
            <span className="initial" aria-hidden="true">
              {[...name][0]}
            </span>
            <span className="visually-hidden">{name}</span>
          </summary>
          <div className="menu">
            <p>
              <bdi>{name}</bdi>
              <small>{me.data?.member?.chapter_name}</small>
            </p>
            {member ? <Link to="/preferences">{t("preferences")}</Link> : null}
            <button type="button" onClick={signOut}>
              {t("signOut")}
            </button>
          </div>
        </details>
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}
