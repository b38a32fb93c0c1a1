import { createRootRoute, Link } from "@tanstack/react-router";
import { useWords } from "../i18n";
import { NotHere } from "../parts/basics";
import { Frame } from "./frame";

function NotFound() {
  const { t } = useWords();
  return (
    <NotHere>
      <p className="buttons start">
        <Link className="button" to="/">
          {t("backHome")}
        </Link>
      </p>
    </NotHere>
  );
}

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound });

/** The parent of every route. */
export const parent = () => root;
export { root };
