import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Suspense, type CSSProperties } from "react";
import { useWords } from "../i18n";
import { Loading } from "../parts/basics";
import { Connection } from "../parts/connection";
import { Icon } from "../parts/icons";
import { useMe, useUnread } from "../parts/queries";
import { useSession } from "../session";
import { areaAt, areasOf, placeAt, placesOf, type Area, type Place } from "./areas";
import { Menu } from "./menu";

/** How many places a telephone's bar has room for; of more, the last leads to the others. */
const MOST_IN_BAR = 5;

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

function PlaceLink({ place, first, isHere, unread }: { place: Place; first: boolean; isHere: boolean; unread: number }) {
  const { t } = useWords();
  return (
    <Link to={place.to} activeOptions={{ exact: first, includeSearch: false }} {...(isHere ? { className: "active" } : {})}>
      <Icon name={place.icon} />
      <span>{t(place.key)}</span>
      {place.icon === "bell" ? <Unread count={unread} /> : null}
    </Link>
  );
}

function Places({ places, unread }: { places: Place[]; unread: number }) {
  const { t } = useWords();
  const path = useLocation({ select: (location) => location.pathname });
  const here = placeAt(places, path);
  const many = places.length > MOST_IN_BAR;
  const inBar = many ? places.slice(0, MOST_IN_BAR - 1) : places;
  const others = places.slice(inBar.length);
  const count = Math.min(places.length, MOST_IN_BAR);
  return (
    <nav className={`places of-${count}`} aria-label={t("navMain")}>
      {inBar.map((place, index) => (
        <PlaceLink key={place.to} place={place} first={index === 0} isHere={place === here} unread={unread} />
      ))}
      {others.length > 0 ? (
        <>
          <Menu className="others" label={<><Icon name="more" /><span>{t("navMore")}</span></>}>
            {others.map((place) => (
              <PlaceLink key={place.to} place={place} first={false} isHere={place === here} unread={unread} />
            ))}
          </Menu>
          <div className="others-wide">
            {others.map((place) => (
              <PlaceLink key={place.to} place={place} first={false} isHere={place === here} unread={unread} />
            ))}
          </div>
        </>
      ) : null}
    </nav>
  );
}

function Areas({ areas, here }: { areas: Area[]; here: Area }) {
  const { t } = useWords();
  return (
    <nav className="areas" aria-label={t("navAreas")}>
      {areas.map((area) => (
        <Link key={area.key} to={area.places[0].to} aria-current={area === here ? "true" : undefined} className={area === here ? "here" : ""} activeProps={{}}>
          {t(area.key)}
        </Link>
      ))}
    </nav>
  );
}

/** What stands around every screen: the organization, where one can go, and who one is. */
export function Frame() {
  const { t } = useWords();
  const { signOut, name: signedIn } = useSession();
  const me = useMe();
  const path = useLocation({ select: (location) => location.pathname });
  const member = me.data?.is_member === true;
  const unread = useUnread(member);
  const organization = me.data?.organization;
  const colour = organization?.primary_color;
  const name = me.data?.name ?? signedIn ?? "";
  const areas = me.data ? areasOf(me.data) : [];
  const here = areaAt(path);
  const shown = areas.includes(here) ? here : areas[0];
  const places = me.data && shown ? placesOf(shown, me.data) : [];
  const isTall = areas.length > 1 || places.length > MOST_IN_BAR;
  return (
    <div className={isTall ? "frame several" : "frame"} style={colour ? ({ "--organization": colour } as CSSProperties) : undefined}>
      <a className="skip" href="#main">
        {t("skip")}
      </a>
      <header className="top">
        <Link className="brand" to="/">
          <bdi>{organization?.name ?? t("learning")}</bdi>
        </Link>
        {areas.length > 1 ? <Areas areas={areas} here={here} /> : null}
        {places.length > 0 ? <Places places={places} unread={unread.data?.items.length ?? 0} /> : null}
        <Menu
          className="account"
          label={
            <>
              <span className="initial" aria-hidden="true">
                {[...name][0]}
              </span>
              <span className="visually-hidden">{name}</span>
            </>
          }
        >
          <p>
            <bdi>{name}</bdi>
            <small>{me.data?.member?.chapter_name}</small>
          </p>
          {member ? <Link to="/preferences">{t("preferences")}</Link> : null}
          <button type="button" onClick={signOut}>
            {t("signOut")}
          </button>
        </Menu>
      </header>
      <Connection />
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}
